//! Numbers that are written as a fixed number of hexadecimal digits everywhere outside.

/// How the tuple struct `$name` over `$number` is written and read: always `$digits` digits. `$error` is anything else.
macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $number:ty, $what:literal, $digits:literal, $error:ident) => {
        $(#[$doc])*
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!("{:0", $digits, "x}"), self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        #[doc = concat!("Not ", $digits, " hexadecimal digits.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $error;

        impl std::fmt::Display for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!($what, " is ", $digits, " hexadecimal digits"))
            }
        }

        impl std::error::Error for $error {}

        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(s: &str) -> Result<Self, $error> {
                // a sign is no digit, though the standard library takes one
                let hex = s.len() == $digits && s.bytes().all(|b| b.is_ascii_hexdigit());
                match <$number>::from_str_radix(s, 16) {
                    Ok(n) if hex => Ok(Self(n)),
                    _ => Err($error),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::Fingerprint;
    use crate::duty::NoticeId;

    #[test]
    fn ids_are_written_with_all_their_digits_and_read_with_no_others() {
        let id = NoticeId(0xab);
        let text = "000000000000000000000000000000ab";
        assert_eq!(id.to_string(), text);
        assert_eq!(text.parse(), Ok(id));
        let json = serde_json::to_string(&id).expect("JSON");
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<NoticeId>(&json).expect("read"), id);
        for bad in [
            "",
            "ab",
            "+00000000000000000000000000000ab",
            "g00000000000000000000000000000ab",
        ] {
            assert!(bad.parse::<NoticeId>().is_err(), "{bad}");
        }
        assert_eq!(Fingerprint(1).to_string(), "0000000000000001");
    }
}
