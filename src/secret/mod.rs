//! Secrets and the one way to text that may be shown.
//!
//! Text that reaches an event is [`Clean`], and only a [`Redactor`] makes it. Nothing in this
//! room prints, and no `Debug` of it shows a value.

pub(crate) mod base64;
mod cells;
mod clean;
mod clean_map;
mod computed;
mod dumps;
mod filter;
mod forms;
mod joined;
mod known;
mod manifest;
mod masks;
mod matcher;
mod names;
mod redactor;
#[cfg(test)]
mod seam_tests;
mod shapes;
mod terraform;
#[cfg(test)]
mod tests;

pub use base64::base64_text;
pub use clean::{Clean, CleanBytes, CleanValue};
pub use clean_map::CleanMap;
pub use computed::computed_secrets;
pub use filter::Filter;
pub use manifest::each_value;
pub use masks::masks;
pub use names::{is_beside, is_secret_member, is_secret_name};
pub use redactor::{Redactor, Refused};
