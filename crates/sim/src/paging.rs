//! Pages of a list: how many items, and an opaque token that says where to go on. A token holds the key of the last item and a
//! fingerprint of the request, so it survives changes of the list between two pages, and another request's token is noticed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// A token that this request did not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadToken;

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
}

/// Cuts one page out of `items`, which are in the list's order. `scope` is what the request asks for (operation and filters).
///
/// # Errors
/// `BadToken` if the token is not one that was given out for this scope, or its item is gone and was not followed by others.
pub fn page<T>(
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    size: usize,
    token: Option<&str>,
    scope: &str,
) -> Result<Page<T>, BadToken> {
    let start = match token {
        None => 0,
        Some(token) => {
            let (position, last) = read(token, scope).ok_or(BadToken)?;
            // The list may have changed: behind the last item seen, or where that was.
            items.iter().position(|item| key(item) == last).map_or(position.min(items.len()), |found| found + 1)
        }
    };
    let end = start.saturating_add(size.max(1)).min(items.len());
    let more = end < items.len();
    let items: Vec<T> = items.into_iter().skip(start).take(end - start).collect();
    let next = items.last().filter(|_| more).map(|last| write(end, &key(last), scope));
    Ok(Page { items, next })
}

fn fingerprint(scope: &str) -> String {
    let digest = Sha256::digest(scope.as_bytes());
    STANDARD.encode(&digest[..9])
}

fn write(position: usize, last: &str, scope: &str) -> String {
    STANDARD.encode(format!("{} {position} {last}", fingerprint(scope)))
}

fn read(token: &str, scope: &str) -> Option<(usize, String)> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let mut parts = text.splitn(3, ' ');
    parts.next().filter(|print| *print == fingerprint(scope))?;
    let position = parts.next()?.parse().ok()?;
    Some((position, parts.next()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_a_list_once() {
        let items: Vec<u32> = (0..25).collect();
        let (mut seen, mut token) = (Vec::new(), None);
        loop {
            let page = page(items.clone(), u32::to_string, 10, token.as_deref(), "list").expect("its own token");
            seen.extend(page.items);
            token = page.next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, items);
    }

    #[test]
    fn a_token_of_another_request_is_refused() {
        let first = page(vec![1, 2], i32::to_string, 1, None, "a").expect("no token");
        let token = first.next.expect("there is more");
        assert_eq!(page(vec![1, 2], i32::to_string, 1, Some(&token), "b"), Err(BadToken));
        assert_eq!(page(vec![1, 2], i32::to_string, 1, Some("nonsense"), "a"), Err(BadToken));
    }
}
