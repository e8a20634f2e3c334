import Bytes
import HTTP
import Platform

/// What a response is made of, besides its head.
package enum Content {
    case empty
    case memory(FrozenBytes, Range<Int>)
    case file(SharedDescriptor, Range<Int>)
    /// Several pieces in a row: multipart ranges.
    case pieces([Content])

    /// Length in bytes.
    package var count: Int {
        switch self {
        case .empty: 0
        case .memory(_, let range): range.count
        case .file(_, let range): range.count
        case .pieces(let pieces): pieces.reduce(0) { $0 + $1.count }
        }
    }
}

/// A response on its way out: composed by a content handler, changed by header filters, framed and encoded by the drain.
package struct OutgoingResponse {
    /// 0 until a handler has chosen one.
    package var status = 0
    /// Status line as the upstream wrote it after the number; empty: the usual phrase.
    package var reason: [UInt8] = []
    /// Every field but Server, Date, Content-Type, Content-Length, Last-Modified, Connection, Transfer-Encoding, which are
    /// written from the properties below.
    package var fields = Fields()
    /// Media type with its parameters; empty: no Content-Type.
    package var contentType: [UInt8] = []
    /// nil: not known before the end.
    package var contentLength: Int?
    /// Seconds since 1970; written as Last-Modified.
    package var lastModified: Int64?
    /// Last-Modified as a stored or proxied response has it, when it has to stay as it is.
    package var lastModifiedText: [UInt8] = []
    /// The entity tag as it is sent; empty: none.
    package var etag: [UInt8] = []
    /// Location of a redirect of the server's own, or one that `proxy_redirect` rewrote; one that begins with a slash is made
    /// absolute. (A Location that is passed on as it came stands in `fields`.)
    package var location: [UInt8] = []
    /// Date and Server of the upstream, where `proxy_pass_header` keeps them; empty: ours.
    package var date: [UInt8] = []
    package var server: [UInt8] = []
    /// As nginx: where the upstream's own are kept and it sent none, there is none.
    package var omitsDate = false
    package var omitsServer = false
    package var content = Content.empty
    /// The same file as `content`, mapped: a small body is sent out of it with its head, by one system call.
    package var mapping: FileMapping?
    /// Ranges may be served of this response (a whole entity of status 200 and known length).
    package var allowsRanges = false
    /// This response has a body whose length is said although none is sent (HEAD).
    package var isHeadOnly = false
    /// Filters of the body, made by header filters, in order.
    package var bodyFilters: [BodyFilter] = []
    /// Conditional requests apply: the not-modified filter may answer 304 or 412.
    package var isConditional = false
    /// Nothing of the connection's persistence: the next response ends it.
    package var closesConnection = false
    /// Set by gzip when the response could have been compressed: `gzip_vary`.
    package var variesByEncoding = false
    /// The body is still arriving; it is read from a fill.
    package var isFollowing = false
    /// The part of a body that is passed or followed, when a range was asked for.
    package var streamRange: Range<Int>?
    /// A header filter has put a page of ours in the place of a body that is on its way: the page is `content`.
    package var isReplaced = false
    /// Where the head is kept for the next request, or taken from.
    package var prepared: PreparedHead?
    /// The head stands in `prepared`: only status, length and content are set.
    package var isPrepared = false
    /// The drain has chosen the chunked coding.
    package var isChunked = false

    package init() {}

    /// When the representation was last changed, in seconds since 1970, as far as it is known: read out of the text where that
    /// is all there is, which only conditions, ranges and `expires` ask for.
    package var modificationTime: Int64? {
        if let lastModified { return lastModified }
        return lastModifiedText.isEmpty ? nil : HTTPDate.parse(lastModifiedText.span)
    }

    /// Forgets everything, keeping memory.
    package mutating func reset() {
        status = 0
        reason.clear()
        if !fields.isEmpty { fields.removeAll() }
        contentType.clear()
        contentLength = nil
        lastModified = nil
        lastModifiedText.clear()
        etag.clear()
        location.clear()
        date.clear()
        server.clear()
        omitsDate = false
        omitsServer = false
        content = .empty
        mapping = nil
        allowsRanges = false
        isHeadOnly = false
        if !bodyFilters.isEmpty { bodyFilters = [] }
        isConditional = false
        closesConnection = false
        variesByEncoding = false
        isChunked = false
        isReplaced = false
        isFollowing = false
        streamRange = nil
        prepared = nil
        isPrepared = false
    }

    /// Sets a body that stands in memory, and its length.
    package mutating func setContent(_ bytes: FrozenBytes) {
        content = .memory(bytes, 0..<bytes.count)
        contentLength = bytes.count
    }
}
