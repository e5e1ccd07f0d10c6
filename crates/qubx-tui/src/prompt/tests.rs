//! Keys and pasted text, and the text that they leave.

use super::*;

fn typed(text: &str) -> Prompt {
    let mut prompt = Prompt::default();
    for character in text.chars() {
        match character {
            '\n' => prompt.newline(None),
            character => prompt.key(KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE)),
        }
    }
    prompt
}

#[test]
fn readline_keys_edit() {
    let ctrl = KeyModifiers::CONTROL;
    for (keys, expected) in [
        (vec![('w', ctrl)], "one "),
        (vec![('u', ctrl)], ""),
        (vec![('a', ctrl), ('k', ctrl)], ""),
        (vec![('a', ctrl), ('>', KeyModifiers::NONE)], ">one two"),
        (vec![('b', ctrl), ('!', KeyModifiers::NONE)], "one tw!o"),
        (vec![('b', KeyModifiers::ALT), ('d', KeyModifiers::ALT)], "one "),
        (vec![('h', ctrl)], "one tw"),
    ] {
        let mut prompt = typed("one two");
        for (key, modifiers) in &keys {
            prompt.key(KeyEvent::new(KeyCode::Char(*key), *modifiers));
        }
        assert_eq!(prompt.text(), expected, "{keys:?}");
    }
}

#[test]
fn lines_are_indented_as_they_are_typed() {
    assert_eq!(typed("def f():\nreturn 1\nf()").text(), "def f():\n    return 1\nf()");
}

#[test]
fn pasted_text_lands_at_the_cursor_whole() {
    let mut prompt = typed("f()");
    prompt.key(KeyEvent::new(KeyCode::Left, KeyModifiers::NONE));
    prompt.insert("a,\r\n\tb\x1b");
    assert_eq!(prompt.text(), "f(a,\n    b)");
    assert_eq!(prompt.cursor(), (1, 5));
    assert_eq!(prompt.before_cursor(), "f(a,\n    b");
}

#[test]
fn a_text_stays_within_what_the_service_takes() {
    let mut prompt = Prompt::default();
    prompt.insert(&"é".repeat(LONGEST_CELL_BYTES));
    assert!(prompt.text().len() <= LONGEST_CELL_BYTES);
}
