//! "为什么通知/没有通知我": filled in below.
use super::Setup;
use model::duty::{Alert, Notice, PersonId, Transition};
/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {}
/// Explains.
pub fn explain(
    _: &Alert,
    _: &[Transition],
    _: &[Notice],
    _: &Setup,
    _: Option<&PersonId>,
) -> Vec<Finding> {
    Vec::new()
}
