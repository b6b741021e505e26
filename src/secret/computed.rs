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
        for (equals, _) in line.match_indices('=') {
            let before = line[..equals].trim_end_matches('+');
            // In `curl -d "token=$TOKEN"` nothing is set.
            let begins = |c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | '{');
            let name = before.rsplit(begins).next().unwrap_or_default();
            let value = line[equals + 1..].split([';', '&', '|']).next();
            // What stands in single quotes is no computation.
            let value = value.unwrap_or_default().trim_start();
            if !value.starts_with('\'') && value.contains(['$', '`']) {
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
}
