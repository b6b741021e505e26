//! Variables with a secret's name that a shell text sets to what only its run knows.

use super::names::is_secret_name;

/// The names of such variables, each once, in order: of `TOKEN=$(…)`, `export TOKEN="$X"`,
/// `read -rs TOKEN` and fish's `set -x TOKEN (…)`.
///
/// # Examples
/// ```
/// use runbook::secret::computed_secrets;
///
/// let text = "export DB_PASSWORD=$(aws …)\nread -rs API_TOKEN\nPORT=$((1 + 2))\n";
/// assert_eq!(computed_secrets(text), ["DB_PASSWORD", "API_TOKEN"]);
/// ```
#[must_use]
pub fn computed_secrets(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        let is_new = !names.iter().any(|known| known == name);
        if is_new && is_identifier(name) && is_secret_name(name, b"") {
            names.push(name.to_owned());
        }
    };
    for line in text.lines() {
        // Where the next command and the next computation begin: lines can be long, and full of `=`.
        let (mut command, mut computation) = (0, 0);
        for (equals, _) in line.match_indices('=') {
            let Some(name) = assigned(&line[..equals]) else {
                continue;
            };
            let from = equals + 1;
            let next = |signs: &[char]| line[from..].find(signs).map_or(line.len(), |at| from + at);
            if command < from {
                command = next(&[';', '&', '|']);
            }
            if computation < from {
                computation = next(&['$', '`']);
            }
            // What stands in single quotes is no computation.
            if computation < command && !line[from..].trim_start().starts_with('\'') {
                add(name);
            }
        }
        let mut words = line.split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|'));
        while let Some(word) = words.next() {
            if matches!(word, "read" | "set" | "readarray" | "mapfile") {
                words.by_ref().take(12).for_each(&mut add);
            }
        }
    }
    names
}

/// The variable that a `=` behind a text sets: in `curl -d "token=$TOKEN"` nothing is set.
fn assigned(before: &str) -> Option<&str> {
    let before = before.trim_end_matches('+');
    let name = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let begins = |c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | '{');
    name.chars()
        .next_back()
        .is_none_or(begins)
        .then_some(&before[name.len()..])
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, expected: &[&str]) {
        assert_eq!(computed_secrets(text), expected);
    }

    #[test]
    fn what_only_the_run_knows_is_found() {
        case("TOKEN=`cat t`; echo $TOKEN", &["TOKEN"]);
        case(
            "export A_SECRET=\"$(x)\" B_TOKEN=$C",
            &["A_SECRET", "B_TOKEN"],
        );
        case("PGPASSWORD+=$x", &["PGPASSWORD"]);
        case("IFS= read -r -s DB_PASSWORD < f", &["DB_PASSWORD"]);
        case("set -gx API_TOKEN (cat t)", &["API_TOKEN"]);
    }

    #[test]
    fn the_rest_is_not() {
        case("TOKEN=literal", &[]);
        case("TOKEN='$x'", &[]);
        case("PORT=$(free-port)", &[]);
        case("TOKEN_FILE=$(mktemp)", &[]);
        case("curl -d \"token=$TOKEN\"", &[]);
        case("=$x 1TOKEN=$x é=$x", &[]);
    }

    #[test]
    fn a_long_line_is_looked_at_once() {
        let text = ["=".repeat(1_000_000), "A_TOKEN= ".repeat(100_000)].concat();
        case(&text, &[]);
        case(&format!("{text}$x"), &["A_TOKEN"]);
    }
}
