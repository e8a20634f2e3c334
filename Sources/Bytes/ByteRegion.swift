/// A run of bytes inside a block or inside frozen bytes, which it keeps alive.
package struct ByteRegion {
    private let block: ByteBuffer?
    private let frozen: FrozenBytes?
    private let shared: SharedBlock?
    package var range: Range<Int>

    private init() {
        block = nil
        frozen = nil
        shared = nil
        range = 0..<0
    }

    /// No bytes at all; it holds no memory.
    package static var empty: ByteRegion { ByteRegion() }

    package init(_ block: ByteBuffer, _ range: Range<Int>) {
        self.block = block
        frozen = nil
        shared = nil
        self.range = range
    }

    package init(_ frozen: FrozenBytes, _ range: Range<Int>) {
        block = nil
        self.frozen = frozen
        shared = nil
        self.range = range
    }

    package init(_ shared: SharedBlock, _ range: Range<Int>) {
        block = nil
        frozen = nil
        self.shared = shared
        self.range = range
    }

    package var count: Int { range.count }

    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // Sound: self keeps the owner alive, and an owner's bytes never move.
            if let block {
                let span = block.bytes(range)
                return unsafe _overrideLifetime(span, borrowing: self)
            }
            if let frozen {
                let all = frozen.bytes
                let span = all.extracting(range)
                return unsafe _overrideLifetime(span, borrowing: self)
            }
            if let shared {
                let span = shared.bytes(range)
                return unsafe _overrideLifetime(span, borrowing: self)
            }
            return Span()
        }
    }
}

extension ByteRegion {
    /// Another range of the same bytes.
    package static func narrowed(_ region: ByteRegion, _ range: Range<Int>) -> ByteRegion {
        var result = region
        result.range = range
        return result
    }
}
