# shellcheck shell=sh disable=SC2154 # log.sh sets seconds
# Interfaces, names and SSH, as the words say. networking.service and ssh.service start afterwards.

# 0.0.0.0 is how the server says that an interface has no address yet.
write_interfaces() {
    stanzas='' automatic=lo
    for number in 0 1 2 3 4 5 6 7; do
        address=$(address_word "eth${number}ip") || continue
        [ "$address" != 0.0.0.0 ] || continue
        add_interface "eth$number" "$address" "$(address_word "eth${number}mask")"
    done
    control=$(address_word controlip) && add_control_by_mac "$control"
    [ -n "$stanzas" ] || return 0
    printf 'auto %s\niface lo inet loopback\n%s\n' "$automatic" "$stanzas" >"$ROOT/etc/network/interfaces.new"
    mv "$ROOT/etc/network/interfaces.new" "$ROOT/etc/network/interfaces"
    wait_for_interfaces
}

# cloud-init without a command line: the first interface asks by DHCP.
write_dhcp() {
    stanzas='
iface eth0 inet dhcp' automatic='lo eth0'
    printf 'auto %s\niface lo inet loopback\n%s\n' "$automatic" "$stanzas" >"$ROOT/etc/network/interfaces"
    wait_for_interfaces
}

# networking.service fails at interfaces whose driver udev has yet to load. Up to CLOUD_NIC_WAIT seconds.
wait_for_interfaces() {
    uptime_seconds
    until=$((seconds + ${CLOUD_NIC_WAIT:-15}))
    for name in $automatic; do
        while [ ! -e "$ROOT/sys/class/net/$name" ]; do
            if [ "$seconds" -ge $until ]; then
                say "there is no interface $name"
                break
            fi
            sleep 0.2
            uptime_seconds
        done
    done
}

add_interface() {
    automatic="$automatic $1"
    stanzas="$stanzas
iface $1 inet static
  address $2
  netmask ${3:-255.255.255.0}"
    if [ "$1" = "$(gateway_interface)" ] && gateway=$(address_word gateway); then
        stanzas="$stanzas
  gateway $gateway"
    fi
    if [ "$1" = "$(control_interface)" ] && local_gateway=$(address_word localgw) && [ -n "$(word mgmtcidr)" ]; then
        case $(word mgmtcidr) in *[!0-9./]*) return ;; esac
        stanzas="$stanzas
  up ip route add $(word mgmtcidr) via $local_gateway || true"
    fi
}

# CloudStack's rule: the public interface where there is one.
gateway_interface() {
    if [ "$(word type)" != vpcrouter ] && [ -n "$(word eth2ip)" ]; then echo eth2; else echo eth0; fi
}

# Cosmic names the control interface by its hardware address.
add_control_by_mac() {
    mac=$(word controlmac)
    for file in "$ROOT"/sys/class/net/*/address; do
        [ -e "$file" ] || continue
        read -r found <"$file"
        [ "$found" = "$mac" ] || continue
        name=${file%/address}
        add_interface "${name##*/}" "$1" "$(address_word controlmask)"
        return 0
    done
    say "no interface has the address of controlmac"
}

# The interface on which the management server reaches SSH.
control_interface() {
    case $(word type) in
    router | ilbvm) echo eth1 ;;
    dhcpsrvr | elbvm) if [ "$(word sshonguest)" = true ]; then echo eth0; else echo eth1; fi ;;
    consoleproxy | secstorage)
        case $CHANNEL in machine_id | kvp) echo eth1 ;; *) echo eth0 ;; esac
        ;;
    *) echo eth0 ;;
    esac
}

# SSH listens on the control address alone. Without one it listens everywhere, for the holders of a key.
restrict_ssh() {
    file=$ROOT/etc/ssh/sshd_config.d/00-control-address.conf
    listen=$(address_word controlip) || listen=$(address_word "$(control_interface)ip") || listen=
    if [ -n "$listen" ] && [ "$listen" != 0.0.0.0 ]; then
        printf 'ListenAddress %s\n' "$listen" >"$file"
    else
        rm -f "$file"
        say "no control address: SSH listens on all addresses"
    fi
}

write_name_servers() {
    servers=
    for key in internaldns1 internaldns2 dns1 dns2; do
        server=$(address_word "$key") && servers="${servers}nameserver $server
"
    done
    [ -z "$servers" ] || printf %s "$servers" >"$ROOT/etc/resolv.conf"
}

set_host_name() {
    name=$(word name)
    [ -n "$name" ] || return 0
    case $name in
    *[!A-Za-z0-9.-]* | -* | .*)
        say "ignored name: not a host name"
        return 0
        ;;
    esac
    echo "$name" >"$ROOT/etc/hostname"
    printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$name" >"$ROOT/etc/hosts"
    hostname "$name"
}

# The key is base64 of the line for authorized_keys. Cosmic's host puts it into a file instead.
install_key() {
    key=$(word authorized_key)
    if [ -n "$key" ]; then
        line=$(printf %s "$key" | base64 -d 2>/dev/null | tr -d '\0')
        case $line in
        ssh-* | ecdsa-* | sk-*) (umask 077 && printf '%s\n' "$line" >"$CACHE/authorized_keys") ;;
        *) say "ignored authorized_key: not a public key in base64" ;;
        esac
    fi
    [ -s "$CACHE/authorized_keys" ] || return 0
    # The guest agent makes files that everybody may write.
    chmod 0600 "$CACHE/authorized_keys"
    mkdir -p "$ROOT/root/.ssh"
    (umask 077 && cat "$CACHE/authorized_keys" >"$ROOT/root/.ssh/authorized_keys")
    chmod 0600 "$ROOT/root/.ssh/authorized_keys"
}

# For the console; SSH takes keys only.
set_password() {
    [ -z "$(word vmpassword)" ] || printf 'root:%s\n' "$(word vmpassword)" | chpasswd
}

# The SSH library of older management servers knows only RSA. 2048 bits, because 3072 take four times as long, and
# what waits for them is the boot.
make_host_keys() {
    for kind in ed25519 ecdsa 'rsa -b 2048'; do
        file=$ROOT/etc/ssh/ssh_host_${kind%% *}_key
        # shellcheck disable=SC2086 # options are words
        [ -s "$file" ] || ssh-keygen -q -N '' -C '' -t $kind -f "$file"
    done
}
