# The shape of the seed's change, with Terraform's built-in resource: it needs no provider, no
# network and no account. From revision 1 to 2 it adds 17, changes 9 and destroys 6.

terraform {
  required_version = ">= 1.4"
}

variable "revision" {
  type    = number
  default = 1
}

variable "auth_mode" {
  type    = string
  default = "CONFIG_MAP"

  validation {
    condition     = contains(["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"], var.auth_mode)
    error_message = "auth_mode is CONFIG_MAP, API_AND_CONFIG_MAP or API."
  }
}

resource "terraform_data" "cluster_auth" {
  input = var.auth_mode
}

resource "terraform_data" "changed" {
  count = 8
  input = var.revision
}

resource "terraform_data" "added" {
  count = var.revision == 1 ? 0 : 15
}

# What takes the place of the null_resources.
resource "terraform_data" "kubernetes_manifest" {
  count = var.revision == 1 ? 0 : 1
}

resource "terraform_data" "kubernetes_job_v1" {
  count = var.revision == 1 ? 0 : 1
}

resource "terraform_data" "null_resource" {
  count = var.revision == 1 ? 6 : 0
}

output "auth_mode" {
  value = terraform_data.cluster_auth.output
}
