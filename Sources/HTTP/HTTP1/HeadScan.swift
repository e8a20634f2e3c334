/// How far the reading of a head has come: what is kept between two reads so that no byte is looked at again and again.
public struct HeadScan: Sendable {
    public enum Phase: UInt8, Sendable { case start, firstLine, fields }

    public var phase = Phase.start
    /// Where the line being read begins.
    public var lineStart = 0
    /// No line end stands before this position.
    public var searched = 0
    /// The field line being read has its colon; what is missing is its end.
    public var hasColon = false
    /// What is left of the buffer that nginx would be reading into, and how many large ones it would have taken:
    /// `large_client_header_buffers` bounds each line and their number.
    public var room = 0
    public var largeBuffers = 0
    /// The known names that have occurred.
    public var seen = FieldNameSet()

    public init() {}
}

/// What became of an attempt to read a head.
public enum HeadProgress: Sendable, Equatable {
    /// The head is whole; its fields and `end` are set.
    case complete
    /// More bytes are needed and the buffer has room for them.
    case incomplete
    /// More bytes are needed and the buffer is full: move the head to a larger block (`RequestHead.move(to:)`).
    case needsLargerBuffer
}
