"""The command line: one file per command, imported when it runs.

`COMMANDS` is the one table of commands. `--help` and `--version` are answered from it without importing click, which
costs more than the 60 ms that help may take.
"""

COMMANDS = {
    "detect": "Ask which Spark a server or a namespace runs, and by which evidence.",
    "plan": "Show what would be built, and why; build nothing.",
    "render": "Write Dockerfile, build context, values and policies to a folder.",
    "image": "Build, verify and push the Mage image that fits.",
    "verify": "Check digest, labels, bill of materials and signature of an image.",
    "values": "Write the Helm values for the chart, or for Ilum's own.",
    "sync": "Rebuild, and write the values, where Spark has moved on; nothing else.",
    "status": "Show server, deployed image, registry and drift of each environment.",
    "check": "Walk from here to Spark, and say what ends the way.",
    "policies": "Say what NetworkPolicies allow, before an installation or in a cluster.",
    "open": "Open a tunnel to Mage's page at http://127.0.0.1:9777.",
    "lock": "Refresh the committed locks.",
}


def help_text() -> str:
    """What `deploykit --help` prints."""
    commands = "\n".join(f"  {name:<8} {summary}" for name, summary in COMMANDS.items())
    return f"""\
Usage: deploykit COMMAND [OPTIONS]

Keeps the Spark client inside Mage in lock-step with the Spark that Ilum runs.

Commands:
{commands}

Options:
  --version  Show the version and exit.
  --help     Show this message and exit.

Begin with:
  deploykit detect sc://host:15002
  deploykit plan --spark 4.1.1
  deploykit image --spark 4.1.1

Exit codes: 0 fine, 1 a bug, 2 wrong usage, 3 incompatible, 4 unreachable, 5 drift, 6 build, verify or push failed.
"""
