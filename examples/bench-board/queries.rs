//! What programs ask a terminal, and what a common one answers.

/// A question and its answer. Where nothing is answered, programs wait until they give up, which
/// no operator's terminal makes them do.
const ANSWERS: [(&[u8], &[u8]); 9] = [
    (b"\x1b[c", b"\x1b[?62;22c"),
    (b"\x1b[0c", b"\x1b[?62;22c"),
    (b"\x1b[5n", b"\x1b[0n"),
    (b"\x1b[6n", b"\x1b[1;1R"),
    (b"\x1b[?2026$p", b"\x1b[?2026;2$y"),
    (b"\x1b]10;?\x07", b"\x1b]10;rgb:ffff/ffff/ffff\x1b\\"),
    (b"\x1b]10;?\x1b\\", b"\x1b]10;rgb:ffff/ffff/ffff\x1b\\"),
    (b"\x1b]11;?\x07", b"\x1b]11;rgb:0000/0000/0000\x1b\\"),
    (b"\x1b]11;?\x1b\\", b"\x1b]11;rgb:0000/0000/0000\x1b\\"),
];

/// No question is longer than this.
const LONGEST: usize = 16;

/// The answers to what is asked in these bytes. `tail` is the end of what was read before, since a
/// question may come in two parts.
pub(crate) fn answers(tail: &mut Vec<u8>, read: &[u8]) -> Vec<u8> {
    let known = tail.len();
    tail.extend_from_slice(read);
    let mut out = Vec::new();
    for start in (0..tail.len()).filter(|&start| tail.get(start) == Some(&0x1b)) {
        let rest = tail.get(start..).unwrap_or_default();
        for (question, answer) in ANSWERS {
            // One that ended in what was read before is answered already.
            if rest.starts_with(question) && start + question.len() > known {
                out.extend_from_slice(answer);
            }
        }
    }
    tail.drain(..tail.len().saturating_sub(LONGEST));
    out
}
