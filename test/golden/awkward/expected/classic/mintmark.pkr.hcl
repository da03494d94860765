# Builds the disk of profile awkward. Written by Mintmark; README.md says how to run it.

packer {
  required_version = ">= 1.6.5, < 1.7.0"
}

variable "base_disk" {
  type        = string
  description = "Path of the base disk (qcow2); it is read, never written"
}

variable "base_sha256" {
  type        = string
  description = "SHA-256 of the base disk, in hexadecimal"
}

variable "root_uuid" {
  type        = string
  description = "UUID of the root filesystem on the base disk"
}

variable "kernel" {
  type        = string
  description = "Path of the base disk's own kernel"
}

variable "initrd" {
  type        = string
  description = "Path of the initramfs that prepares the build: network, login, key"
}

variable "ssh_private_key_file" {
  type        = string
  description = "Path of a private key made for this build"
}

variable "ssh_public_key_base64" {
  type        = string
  description = "Its authorized_keys line, in base64 without line breaks"
}

variable "output_directory" {
  type        = string
  description = "Directory for disk.qcow2; must not exist"
}

variable "run_directory" {
  type        = string
  description = "Existing directory for the serial log, the sockets and the pid file"
}

variable "accelerator" {
  type        = string
  description = "QEMU accelerator: kvm or tcg"
  default     = "tcg"
}

variable "cpu_model" {
  type        = string
  description = "QEMU processor model: host with kvm, max with tcg"
  default     = "max"
}

variable "ssh_timeout" {
  type        = string
  description = "How long the guest may take until it accepts the key"
  default     = "15m"
}

variable "console" {
  type        = string
  description = "file: consoles are written to run_directory; socket: sent to sockets there, on which somebody listens"
  default     = "file"
}

variable "shutdown_timeout" {
  type        = string
  description = "How long the guest may take to power off"
  default     = "10m"
}

variable "http_proxy" {
  type        = string
  description = "Proxy for provisioners; empty for none"
  default     = ""
}

variable "https_proxy" {
  type        = string
  description = "Proxy for provisioners; empty for none"
  default     = ""
}

variable "no_proxy" {
  type        = string
  description = "Hosts that provisioners reach without a proxy"
  default     = ""
}

variable "secret_GOLDEN_PASSWORD" {
  type        = string
  description = "Secret of the profile, from the variable GOLDEN_PASSWORD"
  sensitive   = true
}

variable "secret_GOLDEN_TOKEN" {
  type        = string
  description = "Secret of the profile, from the variable GOLDEN_TOKEN"
  sensitive   = true
}

locals {
  # QEMU wants a comma within a path written twice.
  run_directory = replace(var.run_directory, ",", ",,")
}

locals {
  # Where the serial line and the firmware's messages go: to log files, or to whoever listens and writes the logs.
  serial   = var.console == "socket" ? "socket,path=${local.run_directory}/serial.sock" : "file,path=${local.run_directory}/serial.log"
  firmware = var.console == "socket" ? "socket,path=${local.run_directory}/fw.sock" : "file,path=${local.run_directory}/firmware.log"

  proxies           = { http_proxy = var.http_proxy, https_proxy = var.https_proxy, no_proxy = var.no_proxy }
  proxy_environment = [for name, value in local.proxies : "${name}=${value}" if value != ""]
}

# Packer renders environment_vars as a Go template, in which a secret must stay plain text.
locals {
  secret_GOLDEN_PASSWORD = replace(var.secret_GOLDEN_PASSWORD, "{{", "{{ \"{{\" }}")
  secret_GOLDEN_TOKEN    = replace(var.secret_GOLDEN_TOKEN, "{{", "{{ \"{{\" }}")
}

source "qemu" "mintmark" {
  # The base disk stays as it is: the build writes into an overlay of it.
  disk_image         = true
  iso_url            = var.base_disk
  iso_checksum       = "sha256:${var.base_sha256}"
  use_backing_file   = true
  disk_size          = "5120M"
  skip_resize_disk   = true
  skip_compaction    = true
  format             = "qcow2"
  output_directory   = var.output_directory
  vm_name            = "disk.qcow2"
  disk_interface     = "virtio"
  disk_cache         = "unsafe"
  disk_discard       = "unmap"
  disk_detect_zeroes = "unmap"

  # qemu-img 6.1 and later want the format of a backing file to be named.
  qemu_img_args {
    create = ["-F", "qcow2"]
  }

  # The machine
  accelerator  = var.accelerator
  machine_type = "pc"
  cpus         = 3
  memory       = 1536
  net_device   = "virtio-net"

  # Nothing is typed or looked at, and nothing listens beyond this host.
  headless          = true
  disable_vnc       = true
  vnc_bind_address  = "127.0.0.1"
  boot_wait         = "-1s"
  http_bind_address = "127.0.0.1"
  host_port_min     = 22000
  host_port_max     = 30000

  communicator                 = "ssh"
  ssh_username                 = "root"
  ssh_port                     = 22
  ssh_private_key_file         = var.ssh_private_key_file
  ssh_file_transfer_method     = "scp"
  ssh_disable_agent_forwarding = true
  ssh_timeout                  = var.ssh_timeout
  ssh_handshake_attempts       = 1000

  shutdown_command = "sync; systemctl poweroff"
  shutdown_timeout = var.shutdown_timeout

  qemuargs = [
    ["-cpu", var.cpu_model],
    ["-kernel", var.kernel],
    ["-initrd", var.initrd],
    ["-append", "rootfstype=ext4 rw console=tty0 console=ttyS0,115200 loglevel=4 panic=3 softlockup_panic=1 maxcpus=1 lpj=10000000 net.ifnames=0 cloud-init=disabled systemd.unit=mintmark-build.target mintmark.mode=build root=UUID=${var.root_uuid} mintmark.key=${var.ssh_public_key_base64}"],
    ["-netdev", "user,id=user.0,hostfwd=tcp:127.0.0.1:{{ .SSHHostPort }}-:22"],
    ["-device", "virtio-net-pci,netdev=user.0,romfile="],
    ["-device", "virtio-rng-pci"],
    ["-display", "none"],
    ["-vnc", "none"],
    ["-no-reboot", ""],
    ["-pidfile", "${var.run_directory}/qemu.pid"],
    ["-chardev", "${local.serial},id=mintmark-serial"],
    ["-serial", "chardev:mintmark-serial"],
    ["-chardev", "socket,id=mintmark-qmp,path=${local.run_directory}/qmp.sock,server=on,wait=off"],
    ["-mon", "chardev=mintmark-qmp,mode=control"],
    ["-chardev", "${local.firmware},id=mintmark-firmware"],
    ["-device", "isa-debugcon,iobase=0x402,chardev=mintmark-firmware"],
  ]
}

build {
  sources = ["source.qemu.mintmark"]

  # 1 of 7: place 6 files
  provisioner "file" {
    source      = "${path.root}/files"
    destination = "/run/mintmark/"
  }
  provisioner "shell" {
    script           = "${path.root}/scripts/00-place-files.sh"
    execute_command  = "{{ .Vars }} /bin/sh {{ .Path }}"
    remote_folder    = "/run/mintmark"
    use_env_var_file = false
    skip_clean       = true
    binary           = true
    timeout          = "10m"
    max_retries      = 0

    environment_vars = local.proxy_environment
  }

  # 2 of 7: configure the server
  provisioner "shell" {
    script           = "${path.root}/scripts/01-configure-the-server.sh"
    execute_command  = "{{ .Vars }} /bin/sh {{ .Path }}"
    remote_folder    = "/run/mintmark"
    use_env_var_file = false
    skip_clean       = true
    binary           = true
    timeout          = "900s"
    max_retries      = 0

    environment_vars = local.proxy_environment
  }

  # 3 of 7: Say "${hello}" } # {{ name }} ☕
  provisioner "shell" {
    script           = "${path.root}/scripts/02-say-hello-name.sh"
    execute_command  = "{{ .Vars }} /bin/sh -e {{ .Path }}"
    remote_folder    = "/run/mintmark"
    use_env_var_file = false
    skip_clean       = true
    binary           = true
    timeout          = "90s"
    max_retries      = 2

    environment_vars = concat(local.proxy_environment, [
      "DOLLARS=$${x} $$${y} %%{if} %%%{",
      "QUOTES=it's \"quoted\" `here` \\ \\n",
      "LINES=one\ntwo\r\nthree\t",
      "INVISIBLE=\u0001\u007f\u202e\u2028\ufeff",
      "EMOJI=☕ 😀",
      "EMPTY=",
    ])
  }

  # 4 of 7: templates
  provisioner "shell" {
    script           = "${path.root}/scripts/03-templates.sh"
    execute_command  = ". {{ .EnvVarFile }} && /bin/bash -eu {{ .Path }}"
    remote_folder    = "/run/mintmark"
    use_env_var_file = true
    skip_clean       = false
    binary           = true
    timeout          = "900s"
    max_retries      = 0

    environment_vars = concat(local.proxy_environment, [
      "ACTION={{ \"{{\" }} .X }} {{ \"{{\" }}{",
      "PLAIN=x",
    ])
  }

  # 5 of 7: secrets
  provisioner "shell" {
    script           = "${path.root}/scripts/04-secrets.sh"
    execute_command  = ". {{ .EnvVarFile }} && /bin/sh -e {{ .Path }}"
    remote_folder    = "/run/mintmark"
    use_env_var_file = true
    skip_clean       = false
    binary           = true
    timeout          = "900s"
    max_retries      = 0

    environment_vars = concat(local.proxy_environment, [
      "TOKEN=${local.secret_GOLDEN_TOKEN}",
      "PASSWORD=${local.secret_GOLDEN_PASSWORD}",
    ])
  }

  # 6 of 7: beyond HCL
  provisioner "shell" {
    script           = "${path.root}/scripts/05-beyond-hcl.sh"
    execute_command  = "{{ .Vars }} /bin/sh -e {{ .Path }}"
    remote_folder    = "/run/mintmark"
    use_env_var_file = false
    skip_clean       = true
    binary           = true
    timeout          = "900s"
    max_retries      = 0

    environment_vars = concat(local.proxy_environment, [
      "PLAIN=stays",
    ])
  }

  # 7 of 7: an upload
  provisioner "file" {
    source      = "${path.root}/uploads/06/notes.txt"
    destination = "/usr/local/share/notes.txt"
  }
}
