//! Pages of which a graph has nothing to say.

use crate::document::{Attributes, CellKind, Document};

/// Whether it is known from a document alone that its graph has no diagnostics: it is plain and
/// says nothing that a graph could find wrong. Its steps then have made names, wait for those above
/// them, and use nothing of each other. Most documents that others wrote are of this kind.
pub(super) fn is_silent(document: &Document) -> bool {
    let front_matter = &document.front_matter;
    let bare = |attributes: &Attributes| {
        attributes.id.is_none()
            && attributes.needs.is_none()
            && attributes.when.is_none()
            && attributes.confirm.is_none()
            && attributes.each.is_none()
            && attributes.ready.is_none()
            && attributes.cwd.is_none()
    };
    document.plain
        && front_matter.inputs.is_empty()
        && front_matter.env.is_empty()
        && document.cells.iter().all(|cell| {
            cell.kind != CellKind::Script
                && cell.interpolations.is_empty()
                && bare(&cell.attributes)
        })
        && (document.sections.iter()).all(|section| bare(&section.attributes))
}
