# shellcheck shell=sh disable=SC2154 # log.sh sets seconds
# cloud-scripts.tgz: the scripts of the management server, whose files go over /.

log_patch() {
    say "patch: $*"
    printf '%s %s\n' "$(date)" "$*" >>"$ROOT/var/log/patchsystemvm.log"
}

# An archive that was cut short must not be unpacked halfway. tar takes less than one block for an empty archive.
is_whole() {
    gzip -t "$1" 2>/dev/null && names=$(tar -tzf "$1" 2>/dev/null) && [ -n "$names" ]
}

# Unpacks $1, which is whole, unless its hash is that of what was unpacked last. Directories of the guest keep their
# owner, mode and links: an archive's `lib/` must not take the place of the link /lib.
apply_scripts() {
    hash=$(sha512sum <"$1")
    hash=${hash%% *}
    if [ -s "$CACHE/cloud-scripts-signature" ] && first_line_is "$CACHE/cloud-scripts-signature" "$hash"; then
        log_patch "$1 is in place already"
        return 0
    fi
    if ! tar -xzf "$1" -C "$ROOT/" --no-same-owner --keep-directory-symlink --no-overwrite-dir 2>>"$ROOT/var/log/patchsystemvm.log"; then
        log_patch "$1 could not be unpacked"
        return 1
    fi
    echo "$hash" >"$CACHE/cloud-scripts-signature"
    : >"$CACHE/patch.required"
    log_patch "unpacked $1"
}

# Unpacks the agent $1 into $2, and tells it the words.
unpack_agent() {
    [ -s "$1" ] || return 0
    mkdir -p "$2"
    if ! unzip -q -o "$1" -d "$2"; then
        log_patch "$1 could not be unpacked"
        return 1
    fi
    if [ -d "$2/conf" ] && [ -s "$CACHE/cmdline" ]; then tr ' ' '\n' <"$CACHE/cmdline" >>"$2/conf/agent.properties"; fi
    log_patch "unpacked $1"
}

# Waits CLOUD_PATCH_WAIT seconds for a whole $1. Status 2: none came; 1: it is cut short, and did not grow for
# CLOUD_PATCH_STALL seconds.
wait_for_scripts() {
    uptime_seconds
    started=$seconds changed=$seconds size=''
    while ! { [ -s "$1" ] && is_whole "$1"; }; do
        uptime_seconds
        [ ! -s "$1" ] || note_growth "$(wc -c <"$1")"
        if [ -n "$size" ] && [ $((seconds - changed)) -ge "${CLOUD_PATCH_STALL:-10}" ]; then return 1; fi
        if [ $((seconds - started)) -ge "${CLOUD_PATCH_WAIT:-120}" ]; then
            [ -z "$size" ] && return 2
            return 1
        fi
        sleep 1
    done
}

note_growth() {
    [ "$1" = "$size" ] || changed=$seconds
    size=$1
}
