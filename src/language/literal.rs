//! Arguments that are written out in the code.

use rhai::{Dynamic, Expr};

use super::Literal;

/// Stands in a [`Literal`] for a part that only the run knows.
pub const HOLE: char = '\u{fffc}';

/// The argument as text or words, if it is written out.
pub(super) fn read(expression: &Expr) -> Option<Literal> {
    match expression {
        Expr::Array(items, _) => Some(Literal::Words(items.iter().map(word).collect())),
        Expr::DynamicConstant(value, _) => constant(value),
        _ => {
            let text = word(expression);
            text.chars()
                .any(|c| c != HOLE)
                .then_some(Literal::Text(text))
        }
    }
}

fn constant(value: &Dynamic) -> Option<Literal> {
    if let Ok(text) = value.clone().into_immutable_string() {
        return Some(Literal::Text(text.to_string()));
    }
    let items = value.clone().into_array().ok()?;
    let words = items.into_iter().map(|item| {
        item.into_immutable_string()
            .map_or_else(|_| HOLE.to_string(), |text| text.to_string())
    });
    Some(Literal::Words(words.collect()))
}

fn word(expression: &Expr) -> String {
    match expression {
        Expr::StringConstant(text, _) => text.to_string(),
        Expr::InterpolatedString(parts, _) => parts.iter().map(word).collect(),
        // "kubectl get " + name: the left part often says enough.
        Expr::FnCall(call, _) if call.name == "+" && call.is_operator_call() => {
            call.args.iter().map(word).collect()
        }
        _ => HOLE.to_string(),
    }
}
