//! Who of those whom a provider vouches for gets an account.

use super::Vouched;

/// A list of people; nobody by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission(Vec<Rule>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    /// Everybody whom the provider knows.
    Everybody,
    /// A verified address.
    Email(String),
    /// Every verified address at this domain.
    Domain(String),
    /// A provider's login name.
    Login(String),
}

impl Admission {
    /// Words as an operator writes them: `kim@example.com`, `@example.com`, `login:kim`, `*`.
    pub fn parse(words: &[String]) -> Option<Self> {
        words.iter().map(|word| Rule::parse(word)).collect::<Option<_>>().map(Self)
    }

    pub fn admits(&self, vouched: &Vouched) -> bool {
        self.0.iter().any(|rule| rule.admits(vouched))
    }
}

impl Rule {
    fn parse(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        if word == "*" {
            return Some(Self::Everybody);
        }
        if let Some(login) = word.strip_prefix("login:") {
            return (!login.is_empty()).then(|| Self::Login(login.to_owned()));
        }
        let (local, domain) = word.split_once('@')?;
        let plain = !domain.is_empty() && !domain.contains('@');
        match local {
            _ if !plain => None,
            "" => Some(Self::Domain(domain.to_owned())),
            _ => Some(Self::Email(word)),
        }
    }

    fn admits(&self, vouched: &Vouched) -> bool {
        let email = vouched.email.as_ref().map(|email| email.to_ascii_lowercase());
        match self {
            Self::Everybody => true,
            Self::Email(own) => email.as_ref() == Some(own),
            Self::Domain(own) => {
                email.is_some_and(|email| email.rsplit_once('@').is_some_and(|(_, at)| at == own))
            }
            Self::Login(own) => {
                vouched.login.as_ref().is_some_and(|login| login.eq_ignore_ascii_case(own))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_admitted_by_what_their_provider_verified() {
        for (rules, email, login, expected) in [
            ("", Some("kim@example.com"), Some("kim"), Some(false)),
            ("*", None, None, Some(true)),
            ("kim@example.com", Some("Kim@Example.com"), None, Some(true)),
            ("kim@example.com", Some("al@example.com"), None, Some(false)),
            ("kim@example.com", None, Some("kim@example.com"), Some(false)),
            ("@example.com", Some("al@example.com"), None, Some(true)),
            ("@example.com", Some("al@evil-example.com"), None, Some(false)),
            ("@example.com", Some("al@example.com.evil.com"), None, Some(false)),
            ("@example.com", Some("\"x@example.com\"@evil.com"), None, Some(false)),
            ("@example.com", None, Some("al"), Some(false)),
            ("al@x.org login:Kim", None, Some("kim"), Some(true)),
            ("login:kim", Some("kim@example.com"), None, Some(false)),
            ("login:", None, None, None),
            ("example.com", None, None, None),
            ("@", None, None, None),
            ("a@b@c", None, None, None),
        ] {
            let words: Vec<_> = rules.split_whitespace().map(str::to_owned).collect();
            let vouched = Vouched {
                issuer: "https://id.example".into(),
                subject: "1".into(),
                email: email.map(str::to_owned),
                login: login.map(str::to_owned),
            };
            let admitted = Admission::parse(&words).map(|rules| rules.admits(&vouched));
            assert_eq!(admitted, expected, "{rules}: {email:?} {login:?}");
        }
    }
}
