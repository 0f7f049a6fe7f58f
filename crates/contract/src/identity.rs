//! Identity numbers of people and companies in Turkey, with their check digits (public rules of the registers).

/// A number whose digits may be of a person (TCKN, eleven of them) or a company (VKN, ten).
pub fn is_identity_number(text: &str) -> bool {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(10)).collect();
    match digits.as_deref() {
        Some(digits) if digits.len() == 11 => is_persons(digits),
        Some(digits) if digits.len() == 10 => is_companys(digits),
        _ => false,
    }
}

/// The tenth digit comes from the odd and the even places of the first nine, the eleventh from the sum of ten.
fn is_persons(digits: &[u32]) -> bool {
    let places = |first: usize| digits.iter().take(9).skip(first).step_by(2).sum::<u32>();
    // Places are counted from one: the odd ones come first. Ninety keeps the difference above zero.
    let tenth = (places(0) * 7 + 90 - places(1)) % 10;
    let eleventh = digits.iter().take(10).sum::<u32>() % 10;
    digits.first() != Some(&0) && digits.get(9..) == Some(&[tenth, eleventh])
}

/// Each of the first nine digits is shifted by its place and weighed by a power of two; the last one fills
/// their sum up to ten.
fn is_companys(digits: &[u32]) -> bool {
    let weighed = |(place, digit): (u32, &u32)| match (digit + place) % 10 {
        0 => 0,
        shifted => match (shifted << place) % 9 {
            0 => 9,
            rest => rest,
        },
    };
    let places = (1..=9).rev();
    let sum: u32 = places.zip(digits).map(weighed).sum();
    digits.last() == Some(&((10 - sum % 10) % 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_digit_is_told_of_people_and_companies() {
        // Made up, and the registered numbers of public companies.
        for right in ["12345678950", "10000000146", "1234567890", "4810058590"] {
            assert!(is_identity_number(right), "{right}");
            for place in 0..right.len() {
                for other in '0'..='9' {
                    let mut wrong: Vec<char> = right.chars().collect();
                    if std::mem::replace(&mut wrong[place], other) == other {
                        continue;
                    }
                    let wrong: String = wrong.into_iter().collect();
                    // A company's number has one check digit, which some changes before it do not change.
                    if right.len() == 11 || place == 9 {
                        assert!(!is_identity_number(&wrong), "{wrong}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_of_a_register_is_refused() {
        for wrong in [
            "",
            "0",
            "1234567895",
            "123456789500",
            "02345678950",
            "1234567895x",
            "-2345678950",
            "１２３４５６７８９５０",
            "1234567895\0",
        ] {
            assert!(!is_identity_number(wrong), "{wrong}");
        }
    }
}
