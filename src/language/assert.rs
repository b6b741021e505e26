//! The statement `assert EXPR` and `assert EXPR, MESSAGE`: its syntax, on any engine.

use rhai::{Dynamic, Engine, EvalAltResult, EvalContext, Expr};

/// The word that begins the statement.
pub const KEYWORD: &str = "assert";

/// An assertion as parsed.
#[derive(Clone, Copy, Debug)]
pub struct Assertion<'a> {
    /// What must hold.
    pub condition: &'a Expr,
    /// What is said where it does not: any expression.
    pub message: Option<&'a Expr>,
}

/// Teaches an engine the statement; `check` runs it.
///
/// An engine that only parses takes `|_, _| Ok(())`. In the parsed tree an assertion is an
/// `Expr::Custom` whose first token is [`KEYWORD`] and whose inputs are the condition and, where
/// there is one, the message.
pub fn register_assert(
    engine: &mut Engine,
    check: impl Fn(&mut EvalContext, Assertion) -> Result<(), Box<EvalAltResult>>
    + Send
    + Sync
    + 'static,
) {
    engine.register_custom_syntax_with_state_raw(
        KEYWORD,
        |symbols, ahead, _| {
            Ok(match symbols.len() {
                1 => Some("$expr$".into()),
                2 if ahead == "," => Some(",".into()),
                3 => Some("$expr$".into()),
                _ => None,
            })
        },
        false,
        move |context, inputs, _| {
            if let Some(condition) = inputs.first() {
                let message = inputs.get(1).map(|message| &**message);
                check(context, Assertion { condition, message })?;
            }
            Ok(Dynamic::UNIT)
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::engine::new_engine;

    #[track_caller]
    fn case(code: &str, parses: bool) {
        let mut engine = new_engine();
        register_assert(&mut engine, |_, _| Ok(()));
        let parsed = engine.compile(code);
        assert_eq!(parsed.is_ok(), parses, "{code}: {parsed:?}");
    }

    #[test]
    fn an_assertion_is_a_statement() {
        case("assert x == 1;", true);
        case("assert x == 1", true);
        case("assert x == 1, \"one\"; let y = 2;", true);
        case("assert (x ==\n  1)\n  && y,\n  `why ${x}`;", true);
        case("fn f(x) { assert x; }", true);
        case("within(1, 1, || { assert x; true })", true);
        case("assert;", false);
        case("assert x,;", false);
        case("assert x let y = 1;", false);
        case("let x = assert y;", true);
    }
}
