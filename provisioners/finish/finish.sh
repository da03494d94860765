#!/bin/sh
# Gives the finished disk its identity and removes what the build left. Runs in the finish microvm with the
# guest's root filesystem mounted at ROOT; the guest itself is not running. busybox is all there is.
#
# FINISH (default /finish) holds the inputs:
#   image-id, image-version   for os-release
#   release-files/N/path,text release line files
#   sources.built             the package sources that the build used
#   sources.guest             those that the guest keeps
#   remove-docs               present when documentation goes
#   keep-locales              locales that stay, one a line; absent or empty keeps all
set -eu
FINISH=${FINISH:-/finish}

write_identity() {
    release=$ROOT/usr/lib/os-release
    grep -v '^IMAGE_\(ID\|VERSION\)=' "$release" >"$release.new"
    printf 'IMAGE_ID=%s\nIMAGE_VERSION=%s\n' "$(cat "$FINISH/image-id")" "$(cat "$FINISH/image-version")" >>"$release.new"
    chmod 0644 "$release.new"
    mv "$release.new" "$release"
    for file in "$FINISH"/release-files/*/; do
        [ -e "$file/path" ] || continue
        mkdir -p "$ROOT$(dirname "$(cat "$file/path")")"
        cp "$file/text" "$ROOT$(cat "$file/path")"
        chmod 0644 "$ROOT$(cat "$file/path")"
    done
}

# A provisioner that set its own sources meant it; only the ones that the build put there are exchanged.
write_package_sources() {
    sources=$ROOT/etc/apt/sources.list.d/debian.sources
    if [ -e "$sources" ] && cmp -s "$sources" "$FINISH/sources.built"; then
        cp "$FINISH/sources.guest" "$sources"
        chmod 0644 "$sources"
    fi
}

empty_directory() {
    [ ! -d "$ROOT/$1" ] || find "$ROOT/$1" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
}

empty_file() {
    if [ -f "$ROOT/$1" ] && [ ! -L "$ROOT/$1" ]; then : >"$ROOT/$1"; fi
}

remove_machine_identity() {
    rm -f "$ROOT"/etc/ssh/ssh_host_* "$ROOT/var/lib/systemd/random-seed" "$ROOT/var/lib/systemd/credential.secret"
    : >"$ROOT/etc/machine-id"
    [ -L "$ROOT/var/lib/dbus/machine-id" ] || rm -f "$ROOT/var/lib/dbus/machine-id"
    rm -f "$ROOT/etc/udev/rules.d/70-persistent-net.rules"
    empty_directory var/lib/dhcp
    empty_directory var/lib/dhcpcd
    # What a profile planted for the first boot stays, as with `cloud-init clean`.
    [ ! -d "$ROOT/var/lib/cloud" ] || find "$ROOT/var/lib/cloud" -mindepth 1 -maxdepth 1 ! -name seed -exec rm -rf {} +
    remove_self_signed_certificate
    if grep -q '^# mintmark-build' "$ROOT/etc/resolv.conf" 2>/dev/null && [ ! -L "$ROOT/etc/resolv.conf" ]; then
        : >"$ROOT/etc/resolv.conf"
    fi
}

# Made when ssl-cert is installed; every guest of the template would share its key.
remove_self_signed_certificate() {
    rm -f "$ROOT/etc/ssl/private/ssl-cert-snakeoil.key" "$ROOT/etc/ssl/certs/ssl-cert-snakeoil.pem"
    for link in "$ROOT"/etc/ssl/certs/*.0; do
        case $(readlink "$link") in *ssl-cert-snakeoil.pem) rm -f "$link" ;; esac
    done
}

remove_histories() {
    for home in "$ROOT/root" "$ROOT"/home/*; do
        rm -f "$home/.bash_history" "$home/.lesshst" "$home/.viminfo" "$home/.wget-hsts" "$home/.python_history"
        rm -rf "$home/.cache" "$home/.local/share/mc"
    done
}

remove_logs_and_caches() {
    find "$ROOT/var/log" -type f -exec rm -f {} +
    empty_directory var/log/journal
    empty_directory var/lib/apt/lists
    find "$ROOT/var/cache/apt" -type f -exec rm -f {} +
    rm -f "$ROOT"/var/cache/debconf/*-old "$ROOT"/var/lib/dpkg/*-old "$ROOT/var/cache/ldconfig/aux-cache"
    rm -f "$ROOT"/etc/passwd- "$ROOT"/etc/shadow- "$ROOT"/etc/group- "$ROOT"/etc/gshadow- "$ROOT"/etc/subuid- "$ROOT"/etc/subgid- "$ROOT/etc/.pwd.lock"
    empty_directory var/lib/systemd/timers
    empty_directory var/lib/systemd/timesync
    empty_directory var/backups
    empty_directory var/crash
    empty_directory var/tmp
    empty_directory tmp
    empty_directory run
    rm -f "$ROOT/var/lib/logrotate/status" "$ROOT/var/lib/logrotate.status"
    empty_file var/mail/root
}

# What provisioners installed brought its documentation along; the base has lost its own already.
remove_documentation() {
    if [ -e "$FINISH/remove-docs" ]; then
        find "$ROOT/usr/share/doc" -mindepth 2 ! -type d ! -name copyright -exec rm -f {} + 2>/dev/null || true
        for directory in man info lintian; do
            [ ! -d "$ROOT/usr/share/$directory" ] || find "$ROOT/usr/share/$directory" ! -type d -exec rm -f {} +
        done
    fi
    if [ -s "$FINISH/keep-locales" ]; then
        for path in "$ROOT"/usr/share/locale/*/; do
            name=$(basename "$path")
            [ ! -d "$path" ] || grep -qxF "$name" "$FINISH/keep-locales" || rm -r "$path"
        done
    fi
}

write_identity
write_package_sources
remove_machine_identity
remove_histories
remove_logs_and_caches
remove_documentation
