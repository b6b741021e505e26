//! A chain such as `a.b(x)[y].c`: what it begins with, and its links in the order of the text.

use rhai::{ASTFlags, BinaryExpr, Expr, Position};

/// A chain taken apart; the parser nests it to the right, each link holding the next element.
#[derive(Clone)]
pub(super) struct Chain {
    /// What stands before the first link.
    pub(super) base: Expr,
    pub(super) links: Vec<Link>,
}

/// One `.element`, `?.element`, `[element]` or `?[element]`.
#[derive(Clone)]
pub(super) struct Link {
    /// Whether it is written in square brackets.
    pub(super) indexes: bool,
    flags: ASTFlags,
    position: Position,
    /// A property, a method's call or an index.
    pub(super) element: Expr,
}

impl Chain {
    /// Takes an expression apart, if it is a chain.
    pub(super) fn of(expr: &Expr) -> Option<Self> {
        let mut base = None;
        let mut links = Vec::new();
        let mut current = expr;
        loop {
            let (pair, flags, position, indexes) = match current {
                Expr::Index(pair, flags, position) => (pair, *flags, *position, true),
                Expr::Dot(pair, flags, position) => (pair, *flags, *position, false),
                _ => return None,
            };
            let base = base.get_or_insert_with(|| pair.lhs.clone());
            let next = match &pair.rhs {
                Expr::Dot(next, ..) | Expr::Index(next, ..) if !flags.contains(ASTFlags::BREAK) => {
                    Some(next)
                }
                _ => None,
            };
            links.push(Link {
                indexes,
                flags,
                position,
                element: next.map_or(&pair.rhs, |next| &next.lhs).clone(),
            });
            if next.is_none() {
                return Some(Self {
                    base: base.clone(),
                    links,
                });
            }
            current = &pair.rhs;
        }
    }

    /// The chain that the base and some of the links make.
    pub(super) fn with(&self, links: &[Link]) -> Expr {
        let Some(last) = links.last() else {
            return self.base.clone();
        };
        let mut rest = last.element.clone();
        for (index, link) in links.iter().enumerate().rev() {
            let before = index.checked_sub(1).and_then(|before| links.get(before));
            let pair = BinaryExpr {
                lhs: before.map_or(&self.base, |before| &before.element).clone(),
                rhs: rest,
            };
            let mut flags = link.flags;
            flags.set(ASTFlags::BREAK, link.indexes && index + 1 == links.len());
            rest = if link.indexes {
                Expr::Index(pair.into(), flags, link.position)
            } else {
                Expr::Dot(pair.into(), flags, link.position)
            };
        }
        rest
    }

    /// Whether a link may end the whole chain early, as `?.` and `?[` do.
    pub(super) fn may_end_early(&self) -> bool {
        self.links
            .iter()
            .any(|link| link.flags.contains(ASTFlags::NEGATED))
    }
}

impl Link {
    pub(super) fn is_call(&self) -> bool {
        !self.indexes && matches!(self.element, Expr::MethodCall(..))
    }
}
