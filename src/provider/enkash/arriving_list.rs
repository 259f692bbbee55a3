//! An answer of enkash with a list, taken while it comes: decrypted block by block where it is
//! encrypted, and its rows read one by one.

use bytes::Bytes;
use data_encoding::BASE64;
use http::StatusCode;
use serde_json::value::RawValue;

use super::envelope::{self, CANNOT_DECRYPT, Unreadable};
use super::seal::Seal;
use crate::clock::Clock;
use crate::domain::card::Card;
use crate::provider::crypto::{aes_ecb_decrypt, aes_ecb_decrypt_blocks};
use crate::provider::http::{AnswerBody, Stop};
use crate::provider::json::{JsonObject, RowError, without_byte_order_mark};
use crate::provider::listing::{IdFields, ListReader, RowReader};
use crate::provider::pages::Page;

/// Bytes of an answer that are waited for before it is said what it is. A shorter one is decrypted
/// at once.
const HELD: usize = if cfg!(test) { 32 } else { 64 << 10 };

/// Most bytes around an encrypted text.
const LONGEST_FRAME: usize = 1 << 20;

/// Bytes of an answer that tell what it is.
const START: usize = 1_999;

/// Bytes of a block of AES.
const BLOCK: usize = 16;

/// Takes an answer with a list while it comes.
pub(super) struct ArrivingList<'a, T> {
    seal: &'a Seal,
    list: ListReader<'a, T>,
    form: Form,
}

/// What the bytes are, as far as they have come.
enum Form {
    /// Not known yet.
    Held(Vec<u8>),
    /// The envelope itself, or something short or unusual that is decrypted at the end.
    Plain,
    /// An encrypted text.
    Sealed(SealedText),
}

impl<'a, T> ArrivingList<'a, T> {
    pub(super) fn new(
        seal: &'a Seal,
        reader: RowReader<'a>,
        clock: &'a Clock,
        names: IdFields,
        of: Option<&'a Card>,
        read: impl FnMut(&RawValue, &RowReader<'_>) -> Result<T, RowError> + Send + 'a,
    ) -> Self {
        // `payload` is the list, or holds it (enkash wire notes, 2.13 and 2.14).
        let place =
            |names: &[&str]| names.first().is_some_and(|name| name.eq_ignore_ascii_case("payload"));
        let list = ListReader::new(place, reader, clock, names, of, read);
        Self { seal, list, form: Form::Held(Vec::new()) }
    }

    /// The rows in the place of which these values stand.
    pub(super) fn page(&mut self, found: &[&RawValue]) -> Page<T> {
        self.list.page(found)
    }

    /// Takes the last bytes of an encrypted text. Gives what stands around it where that says itself
    /// what became of the call: then the text was not the answer.
    fn end_text(&mut self, text: &mut SealedText) -> Result<Option<Bytes>, Unreadable> {
        let last = text.end(&self.seal.key)?;
        // What is wrong with the answer, if anything is, its rest tells.
        let _ = self.list.take_plain(&last);
        let frame: Result<&RawValue, _> = serde_json::from_slice(json_start(&text.frame));
        match frame.map(JsonObject::read) {
            Ok(Ok(frame)) if envelope::has_code(&frame) => {
                Ok(Some(Bytes::from(std::mem::take(&mut text.frame))))
            }
            Err(_) if text.is_quoted => Err(Unreadable::NotJson),
            Ok(_) | Err(_) => Ok(None),
        }
    }

    /// What stands around the rows, decrypted where that is still to be done.
    fn rest(&mut self) -> Result<Bytes, String>
    where
        T: Send,
    {
        let rest = self.list.end()?;
        let text = without_byte_order_mark(&rest);
        match envelope::unsealed(text, &self.seal.key, &self.seal.field) {
            Ok(Some(plain)) => self.list.read_text(&String::from_utf8_lossy(&plain)),
            Ok(None) | Err(_) => Ok(rest),
        }
    }
}

impl<T: Send> AnswerBody for ArrivingList<'_, T> {
    fn begin(&mut self, status: StatusCode) {
        self.form = Form::Held(Vec::new());
        self.list.begin(status);
    }

    fn take(&mut self, bytes: Bytes) -> Result<(), Stop> {
        match &mut self.form {
            Form::Held(held) if held.len() + bytes.len() <= HELD => {
                held.extend_from_slice(&bytes);
                Ok(())
            }
            Form::Held(held) => {
                held.extend_from_slice(&bytes);
                let held = std::mem::take(held);
                let (form, rest) = match SealedText::begin(&held, &self.seal.field) {
                    Some((text, start)) => (Form::Sealed(text), start),
                    None => (Form::Plain, 0),
                };
                self.form = form;
                self.take(Bytes::from(held).slice(rest..))
            }
            Form::Plain => self.list.take_plain(&bytes),
            Form::Sealed(text) => {
                let plain = text.take(&bytes, &self.seal.key).ok_or(Stop::Refused)?;
                self.list.take_plain(&plain)
            }
        }
    }

    fn end(&mut self) -> Result<Bytes, String> {
        let mut text = match std::mem::replace(&mut self.form, Form::Plain) {
            Form::Held(held) => {
                let _ = self.list.take_plain(&held);
                return self.rest();
            }
            Form::Plain => return self.rest(),
            Form::Sealed(text) => text,
        };
        match self.end_text(&mut text) {
            Ok(Some(frame)) => Ok(frame),
            Ok(None) => {
                let rest = self.rest()?;
                let text = std::str::from_utf8(&rest).ok();
                let is_object = text.is_some_and(|text| JsonObject::parse(text.trim()).is_ok());
                if is_object { Ok(rest) } else { Err(CANNOT_DECRYPT.to_owned()) }
            }
            // The start of the answer tells what it is.
            Err(Unreadable::NotJson) => Ok(Bytes::from(text.start)),
            Err(Unreadable::Sealed) => Err(CANNOT_DECRYPT.to_owned()),
        }
    }
}

/// An encrypted text that comes in pieces: base64 of AES in ECB mode (enkash wire notes, 1.5).
struct SealedText {
    /// The first bytes of the answer, which are no JSON.
    start: Vec<u8>,
    /// What stands around the text: an object with nothing in its field.
    frame: Vec<u8>,
    /// It is a text of JSON, and ends with its quote.
    is_quoted: bool,
    has_ended: bool,
    /// The escape that has begun in the text.
    escape: Vec<u8>,
    /// Characters of base64 that are no whole group yet.
    characters: Vec<u8>,
    /// Bytes that are no whole block yet, and the last block: it may have the padding.
    cipher: Vec<u8>,
    /// Something was decrypted.
    has_begun: bool,
    fault: Option<Unreadable>,
}

impl SealedText {
    /// The text that a long answer begins with, and where it starts: as a field of an object, as a
    /// text of JSON, or bare. `None` where it begins with something else.
    fn begin(body: &[u8], field: &str) -> Option<(Self, usize)> {
        let start = body.len() - json_start(body).len();
        let text = body.get(start..)?;
        let (is_quoted, at) = match text.first()? {
            b'"' => (true, start + 1),
            b'{' => (true, start + field_start(text, field)?),
            byte if is_of_base64(*byte) => (false, start),
            _ => return None,
        };
        // A text that ends soon is no list.
        let content = body.get(at..)?;
        if content.contains(&b'"') {
            return None;
        }
        let text = Self {
            start: body.get(..body.len().min(START))?.to_vec(),
            frame: body.get(..at)?.to_vec(),
            is_quoted,
            has_ended: false,
            escape: Vec::new(),
            characters: Vec::new(),
            cipher: Vec::new(),
            has_begun: false,
            fault: None,
        };
        Some((text, at))
    }

    /// Takes the next bytes of the body and gives what they are once decrypted. `None` where they
    /// cannot be.
    fn take(&mut self, bytes: &[u8], key: &[u8]) -> Option<Vec<u8>> {
        let plain = self.decoded(bytes).and_then(|()| self.decrypted(key));
        plain.map_err(|fault| self.fault = Some(fault)).ok()
    }

    /// Adds the bytes that the next characters stand for.
    fn decoded(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        for byte in bytes {
            if self.has_ended {
                self.frame.push(*byte);
            } else if !self.escape.is_empty() {
                self.escape.push(*byte);
                self.unescape()?;
            } else {
                match byte {
                    b'"' if self.is_quoted => {
                        self.has_ended = true;
                        self.frame.push(*byte);
                    }
                    b'\\' if self.is_quoted => self.escape.push(*byte),
                    byte if byte.is_ascii_whitespace() => {}
                    _ => self.characters.push(*byte),
                }
            }
        }
        if self.frame.len() > LONGEST_FRAME {
            return Err(Unreadable::NotJson);
        }
        let whole = self.characters.len() / 4 * 4;
        let groups: Vec<u8> = self.characters.drain(..whole).collect();
        self.cipher.extend(BASE64.decode(&groups).map_err(|_| Unreadable::NotJson)?);
        Ok(())
    }

    /// Takes an escape for what it stands for, once it is whole: `\/` and `\u002B` are common.
    fn unescape(&mut self) -> Result<(), Unreadable> {
        let length = if self.escape.get(1) == Some(&b'u') { 6 } else { 2 };
        if self.escape.len() < length {
            return Ok(());
        }
        let written = [b"\"", self.escape.as_slice(), b"\""].concat();
        let text: String = serde_json::from_slice(&written).map_err(|_| Unreadable::NotJson)?;
        self.characters.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()));
        self.escape.clear();
        Ok(())
    }

    /// Decrypts all blocks but the last.
    fn decrypted(&mut self, key: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let blocks = self.cipher.len().saturating_sub(1) / BLOCK * BLOCK;
        let mut plain: Vec<u8> = self.cipher.drain(..blocks).collect();
        aes_ecb_decrypt_blocks(key, &mut plain).map_err(|_| Unreadable::Sealed)?;
        let begins_well = |plain: &[u8]| matches!(json_start(plain).first(), Some(b'{' | b'"'));
        if !self.has_begun && !plain.is_empty() {
            self.has_begun = true;
            if !begins_well(&plain) {
                return Err(Unreadable::Sealed);
            }
        }
        Ok(plain)
    }

    /// Decrypts the last block, and checks that the text has ended as it should.
    fn end(&mut self, key: &[u8]) -> Result<Vec<u8>, Unreadable> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let has_ended = self.has_ended || !self.is_quoted;
        if !has_ended || !self.characters.is_empty() || self.cipher.is_empty() {
            return Err(Unreadable::NotJson);
        }
        aes_ecb_decrypt(key, &self.cipher).map_err(|_| Unreadable::Sealed)
    }
}

/// Bytes without what may stand before JSON.
fn json_start(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes).trim_ascii_start()
}

/// Where the text starts that is the first field of an object, where that may be encrypted.
fn field_start(object: &[u8], field: &str) -> Option<usize> {
    let behind = |text: &'_ [u8], byte: u8| -> Option<usize> {
        let text_start = text.trim_ascii_start();
        (text_start.first() == Some(&byte)).then(|| text.len() - text_start.len() + 1)
    };
    let mut at = 1;
    at += behind(object.get(at..)?, b'"')?;
    let name = object.get(at..)?;
    let name = name.get(..name.iter().position(|byte| *byte == b'"')?)?;
    let is_known = envelope::sealed_names(field)
        .iter()
        .any(|known| known.as_bytes().eq_ignore_ascii_case(name));
    at += name.len() + 1;
    at += behind(object.get(at..)?, b':')?;
    at += behind(object.get(at..)?, b'"')?;
    is_known.then_some(at)
}

const fn is_of_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}
