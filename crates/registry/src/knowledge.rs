//! What Pilothouse knows beside the platforms: its own documentation, and what Terraform's errors
//! mean. Embedded, searchable, parsed when first asked for.

mod documentation;
mod markdown;
mod pattern;
mod terraform_error;

pub use self::{
    documentation::{Documentation, Page, SectionHit},
    terraform_error::{Category, TerraformError, TerraformErrors},
};
