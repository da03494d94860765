# What `packer init` fetches, unless it is installed already.
packer {
  required_version = ">= 1.10.0"

  required_plugins {
    qemu = {
      source  = "github.com/hashicorp/qemu"
      version = ">= 1.1.0, != 1.1.2"
    }
  }
}
