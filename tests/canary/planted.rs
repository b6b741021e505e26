//! Secrets, made up: the same ones in each run of the test.

/// Numbers that look random (xorshift64*, <https://vigna.di.unimi.it/ftp/papers/xorshift.pdf>).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).expect("31 bits fit") % limit
    }

    fn text(&mut self, alphabet: &str, length: usize) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..length)
            .map(|_| alphabet[self.below(alphabet.len())])
            .collect()
    }
}

/// One secret.
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Values of all kinds: tokens, passwords with signs, words, lines, letters beyond ASCII.
pub(crate) fn secrets(count: usize, random: &mut Random) -> Vec<Secret> {
    (0..count)
        .map(|number| {
            let length = 10 + random.below(24);
            let text = match number % 6 {
                0 | 1 => random.text(LETTERS, length),
                2 => random.text(
                    &format!("{LETTERS}!#$%&'()*+,-./:;<=>?@[]^_`{{|}}~\"\\"),
                    length,
                ),
                3 => random.text(&format!("{LETTERS}   -_.!"), length),
                4 => random.text(&format!("{LETTERS}éßñ漢ж"), length),
                _ => random.text(&format!("{LETTERS}+/="), length + 10),
            };
            // Apart from all others, and with no blank at its ends.
            Secret(format!("c{text}{number}"))
        })
        .collect()
}

/// Credentials that nobody tells of, in their issuers' shapes.
pub(crate) fn shapes(count: usize, random: &mut Random) -> Vec<Secret> {
    (0..count)
        .map(|number| {
            let end = format!("{number}");
            let mut body =
                |length: usize| format!("{}{end}", random.text(LETTERS, length - end.len()));
            Secret(match number % 8 {
                0 => format!("ghp_{}", body(36)),
                1 => format!("glpat-{}", body(24)),
                2 => format!("xoxb-{}-{}", body(12), body(24)),
                3 => format!("eyJhbGciOiJIUzI1NiJ9.eyJz{}.{}", body(40), body(43)),
                4 => format!("hvs.{}", body(90)),
                5 => format!("sk_live_{}", body(24)),
                6 => format!("npm_{}", body(36)),
                _ => format!("FwoGZXIvYXdz{}", body(300)),
            })
        })
        .collect()
}

/// A text as a word of a shell.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
