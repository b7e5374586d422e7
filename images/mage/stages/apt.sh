# Sourced: brings apt's lists up to date from Debian alone. Third-party lists of the base may name hosts that a company
# network does not reach, and one unreachable list fails an update.
export DEBIAN_FRONTEND=noninteractive
if [ -f "$here/ca.pem" ]; then
    echo "Acquire::https::CAInfo \"$here/ca.pem\";" >/etc/apt/apt.conf.d/99deploykit
fi
mkdir -p /tmp/deploykit-sources
if [ -f "$here/apt.sources" ]; then
    if grep -q "^Types:" "$here/apt.sources"; then name=debian.sources; else name=debian.list; fi
    cp "$here/apt.sources" "/tmp/deploykit-sources/$name"
elif [ -f "$here/apt.mirror" ]; then
    mirror=$(sed 's,/*$,,' "$here/apt.mirror")
    release=$(. /etc/os-release && echo "$VERSION_CODENAME")
    printf 'deb %s %s main\n' "$mirror" "$release" "$mirror" "$release-updates" \
        "$(echo "$mirror" | sed 's,/debian$,,')/debian-security" "$release-security" >/tmp/deploykit-sources/debian.list
elif [ -f /etc/apt/sources.list.d/debian.sources ]; then
    cp /etc/apt/sources.list.d/debian.sources /tmp/deploykit-sources/
else
    cp /etc/apt/sources.list /tmp/deploykit-sources/debian.list
fi
cat >>/etc/apt/apt.conf.d/99deploykit <<'EOF'
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "/tmp/deploykit-sources";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
APT::Update::Error-Mode "any";
EOF
# Without the last, apt passes over a mirror that it cannot connect to, and what it offered is taken for absent.
apt-get update -qq
