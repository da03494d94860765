#!/bin/sh
# Prints `<release line>&<signature of the scripts>`; the management server asks for it over SSH.
ROOT=${CLOUD_ROOT-}
release=$ROOT/etc/cloudstack-release
signature=$ROOT/var/cache/cloud/cloud-scripts-signature
if [ "$(cat "$ROOT/var/cache/cloud/channel" 2>/dev/null)" = cosmic_agent ]; then
    release=$ROOT/etc/cosmic-release
    if [ -s "$ROOT/opt/cosmic/patch/cloud-scripts.tgz.sha512" ]; then
        signature=$ROOT/opt/cosmic/patch/cloud-scripts.tgz.sha512
    fi
fi
printf '%s&%s\n' "$(cat "$release")" "$(cat "$signature")"
