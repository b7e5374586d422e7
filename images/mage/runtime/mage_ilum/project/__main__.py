"""`python3 -m mage_ilum.project PATH`."""

import sys

from mage_ilum.project.create import main

sys.exit(main(sys.argv[1:]))
