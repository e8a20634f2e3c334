import Bytes

/// Changes a response's bytes on their way from the outbox to the client. One object per filtered response.
open class BodyFilter {
    public init() {}

    /// Takes some of `input`, puts what comes of it into `output`; returns how many bytes it took. Called again with the rest
    /// once `output` has been emptied.
    open func process(_ input: Span<UInt8>, into output: ByteBuffer) -> Int { 0 }

    /// Nothing more is there for now: puts out what can be put out. True when it put out something.
    open func flush(into output: ByteBuffer) -> Bool { false }

    /// The end of the input: puts out the rest. True when all is out; false: call again with room.
    open func finish(into output: ByteBuffer) -> Bool { true }

    /// An error after the head: the response has to be cut.
    open var hasFailed: Bool { false }
}
