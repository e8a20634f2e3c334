import Bytes
import HTTP
import Platform

/// What a response is made of, besides its head.
public enum Content {
    case empty
    case memory(FrozenBytes, Range<Int>)
    case file(SharedDescriptor, Range<Int>)
    /// Several pieces in a row: multipart ranges.
    case pieces([Content])

    /// Length in bytes.
    public var count: Int {
        switch self {
        case .empty: 0
        case .memory(_, let range): range.count
        case .file(_, let range): range.count
        case .pieces(let pieces): pieces.reduce(0) { $0 + $1.count }
        }
    }
}

/// A response on its way out: composed by a content handler, changed by header filters, framed and encoded by the drain.
public struct OutgoingResponse: ~Copyable {
    /// 0 until a handler has chosen one.
    public var status = 0
    /// Status line as the upstream wrote it after the number; empty: the usual phrase.
    public var reason = ByteString()
    /// Every field but Server, Date, Content-Type, Content-Length, Last-Modified, Connection, Transfer-Encoding, which are
    /// written from the properties below.
    public var fields = Fields()
    /// Media type with its parameters; empty: no Content-Type.
    public var contentType = ByteString()
    /// nil: not known before the end.
    public var contentLength: Int?
    /// Seconds since 1970; written as Last-Modified.
    public var lastModified: Int64?
    /// Last-Modified as a stored or proxied response has it, when it has to stay as it is.
    public var lastModifiedText = ByteString()
    /// The entity tag as it is sent; empty: none.
    public var etag = ByteString()
    /// Location of a redirect of the server's own, or one that `proxy_redirect` rewrote; one that begins with a slash is made
    /// absolute. (A Location that is passed on as it came stands in `fields`.)
    public var location = ByteString()
    /// Date and Server of the upstream, where `proxy_pass_header` keeps them; empty: ours.
    public var date: [UInt8] = []
    public var server: [UInt8] = []
    /// As nginx: where the upstream's own are kept and it sent none, there is none.
    public var omitsDate = false
    public var omitsServer = false
    public var content = Content.empty
    /// The same file as `content`, mapped: a small body is sent out of it with its head, by one system call.
    public var mapping: FileMapping?
    /// Ranges may be served of this response (a whole entity of status 200 and known length).
    public var allowsRanges = false
    /// This response has a body whose length is said although none is sent (HEAD).
    public var isHeadOnly = false
    /// Filters of the body, made by header filters, in order.
    public var bodyFilters: [BodyFilter] = []
    /// Conditional requests apply: the not-modified filter may answer 304 or 412.
    public var isConditional = false
    /// Nothing of the connection's persistence: the next response ends it.
    public var closesConnection = false
    /// Set by gzip when the response could have been compressed: `gzip_vary`.
    public var variesByEncoding = false
    /// The body is still arriving; it is read from a fill.
    public var isFollowing = false
    /// The part of a body that is passed or followed, when a range was asked for.
    public var streamRange: Range<Int>?
    /// A header filter has put a page of ours in the place of a body that is on its way: the page is `content`.
    public var isReplaced = false
    /// Where the head is kept for the next request, or taken from.
    public var prepared: PreparedHead?
    /// The head stands in `prepared`: only status, length and content are set.
    public var isPrepared = false
    /// The drain has chosen the chunked coding.
    public var isChunked = false

    public init() {}

    /// When the representation was last changed, in seconds since 1970, as far as it is known: read out of the text where that
    /// is all there is, which only conditions, ranges and `expires` ask for.
    public var modificationTime: Int64? {
        if let lastModified { return lastModified }
        return lastModifiedText.isEmpty ? nil : HTTPDate.parse(lastModifiedText.span)
    }

    /// Forgets everything, keeping memory.
    public mutating func reset() {
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
    public mutating func setContent(_ bytes: FrozenBytes) {
        content = .memory(bytes, 0..<bytes.count)
        contentLength = bytes.count
    }
}
