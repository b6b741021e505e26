//! The bare engine that reads and runs scripts: its limits and what it leaves out of Rhai.

use std::cell::Cell;
use std::sync::Once;

use rhai::Token;

/// How many operations one piece of code may take.
pub const MAX_OPERATIONS: u64 = 50_000_000;
/// How deep functions may call functions; needs a stack of some 8 MiB in an unoptimised build.
pub const MAX_CALL_LEVELS: usize = 64;
/// How deep expressions may nest, in a cell and in a function.
pub const MAX_EXPRESSION_DEPTH: usize = 64;
/// How many bytes one text may have.
pub const MAX_TEXT: usize = 16 * 1024 * 1024;
/// How many elements one list may have, those of the lists in it included: a list of 5,000 pods has
/// a third of a million.
///
/// With a limit every change of a list costs time in proportion to its length: building 100,000 one
/// by one takes seconds, reading them from JSON does not.
pub const MAX_LIST: usize = 1_000_000;
/// How many entries one map may have, or all the maps in a list: a list of 5,000 pods has half a
/// million.
pub const MAX_MAP: usize = 2_000_000;
/// How many variables may be alive at once.
pub const MAX_VARIABLES: usize = 1_000;
/// How many functions one cell may define.
pub const MAX_FUNCTIONS: usize = 1_000;

/// Words of Rhai that runbooks don't have.
///
/// `eval` would hide names from the graph; `import` and `export` would reach for files.
pub const DISABLED: [&str; 3] = ["eval", "import", "export"];

/// Makes an engine without functions: what a cell may say, and how much of it.
///
/// Every limit is set here, as Rhai's own differ between debug and release builds.
#[must_use]
pub fn new_engine() -> rhai::Engine {
    static SEED: Once = Once::new();
    SEED.call_once(|| {
        // Names of closures are made of hashes, which Rhai seeds anew in every process: one seed,
        // so that a run and its replay say the same. Where it is set already it is left.
        let _ = rhai::config::hashing::set_hashing_seed(Some([0x72, 0x75, 0x6e, 0x62]));
    });
    let mut engine = rhai::Engine::new_raw();
    for symbol in DISABLED {
        engine.disable_symbol(symbol);
    }
    properties(&mut engine);
    engine
        .set_max_operations(MAX_OPERATIONS)
        .set_max_call_levels(MAX_CALL_LEVELS)
        .set_max_expr_depths(MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_DEPTH)
        .set_max_string_size(MAX_TEXT)
        .set_max_array_size(MAX_LIST)
        .set_max_map_size(MAX_MAP)
        .set_max_variables(MAX_VARIABLES)
        .set_max_functions(MAX_FUNCTIONS)
        .set_max_modules(0)
        .set_max_strings_interned(256)
        // The tree must be as written: names and the parts of assertions are read from it.
        .set_optimization_level(rhai::OptimizationLevel::None)
        .set_module_resolver(rhai::module_resolvers::DummyModuleResolver::new());
    engine
}

/// Words that Rhai keeps to itself and that mean something after a period too.
const METHODS: [&str; 10] = [
    "Fn",
    "call",
    "curry",
    "debug",
    "eval",
    "is_def_fn",
    "is_def_var",
    "is_shared",
    "print",
    "type_of",
];

/// Lets reserved words be properties: what other systems answer has members such as `import`,
/// `default` and `private`.
#[expect(deprecated, reason = "it is not deprecated but said to be volatile")]
fn properties(engine: &mut rhai::Engine) {
    thread_local! {
        /// Whether the last token was a period; a text is read by one thread, in one go.
        static AFTER_PERIOD: Cell<bool> = const { Cell::new(false) };
    }
    engine.on_parse_token(|token, _, _| {
        let period = matches!(token, Token::Period | Token::Elvis);
        let after = AFTER_PERIOD.replace(period);
        match token {
            Token::Reserved(word)
                if after
                    && word.chars().all(|c| c.is_ascii_alphabetic() || c == '_')
                    && !METHODS.contains(&word.as_str()) =>
            {
                Token::Identifier(word)
            }
            token => token,
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_reach_outside_are_no_words() {
        let engine = new_engine();
        for code in ["eval(\"1\")", "import \"x\" as y;", "export let x = 1;"] {
            assert!(engine.compile(code).is_err(), "{code}");
        }
        assert!(engine.compile("let x = 1; fn f() { 2 } x").is_ok());
    }

    #[test]
    fn reserved_words_are_properties_and_nothing_else() {
        let engine = new_engine();
        for code in [
            "x.import == 0",
            "x.y?.default.new",
            "x.call()",
            "x.match[0]",
        ] {
            assert!(engine.compile(code).is_ok(), "{code}");
        }
        for code in ["import == 0", "let default = 1", "x. eval", "x[import]"] {
            assert!(engine.compile(code).is_err(), "{code}");
        }
    }
}
