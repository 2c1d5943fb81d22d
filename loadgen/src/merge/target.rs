//! What answered: as the first shard that knows says it.

use crate::record::Target;

/// Adds what a later one says that none before did.
pub(super) fn add(first: &mut Target, later: &Target) {
    for address in &later.addresses {
        if !first.addresses.contains(address) {
            first.addresses.push(address.clone());
        }
    }
    fill(&mut first.server_software, &later.server_software);
    fill(&mut first.document_bytes, &later.document_bytes);
    fill(&mut first.dns_error, &later.dns_error);
    fill(&mut first.tls, &later.tls);
    fill(&mut first.tls_error, &later.tls_error);
    fill(&mut first.proxy_error, &later.proxy_error);
    fill(&mut first.websocket_error, &later.websocket_error);
}

fn fill<T: Clone>(first: &mut Option<T>, later: &Option<T>) {
    if first.is_none() {
        first.clone_from(later);
    }
}
