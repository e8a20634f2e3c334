import Bytes
import CZlib

/// Encodes one body with the gzip content coding (RFC 9110 §8.4.1.3, RFC 1952), piece by piece.
///
/// An encoder belongs to one response. Its memory is taken once, at the start, and does not grow with the body
/// (`memory(windowBits:memoryLevel:)` tells how much); output goes where the caller has room, never further.
@safe
public final class GzipEncoder {
    /// What the caller wants of what was put in so far.
    public enum Flush {
        /// Compress as well as possible; output may lag behind input.
        case none
        /// Everything put in so far comes out, so that a reader can decode it: for answers that trickle.
        case sync
        /// This was the last input; the trailer follows.
        case finish
    }

    /// What `process` needs next.
    public enum Status {
        /// All input was taken, and what `flush` asked for is out.
        case needsInput
        /// The output is full: call again with the rest of the input, the same `flush`, and room.
        case needsRoom
        /// The trailer is out; nothing follows.
        case finished
    }

    // Sound: made in init, freed in deinit, used by this object only. zlib's state points back at it, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private var isFinished = false

    /// Starts a body.
    ///
    /// - Parameters:
    ///   - level: 1 (fast) to 9 (small), `gzip_comp_level`.
    ///   - windowBits: base-two logarithm of the window, 9 to 15, nginx's `gzip_window`.
    ///   - memoryLevel: 1 to 9, nginx's `gzip_hash`.
    ///   - expectedLength: the body's length where it is known: a short body gets a smaller window, as in nginx.
    public init(
        level: Int, windowBits: Int = 15, memoryLevel: Int = 8, expectedLength: Int? = nil
    ) throws(CompressionError) {
        guard (0...9).contains(level), (9...15).contains(windowBits), (1...9).contains(memoryLevel) else {
            throw .invalidParameters
        }
        let fitted = Self.fit(windowBits: windowBits, memoryLevel: memoryLevel, to: expectedLength)
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // 16 more than the window asks for gzip's header and trailer instead of zlib's.
        let result = unsafe deflateInit2_(
            stream, CInt(level), Z_DEFLATED, CInt(fitted.windowBits + 16), CInt(fitted.memoryLevel), Z_DEFAULT_STRATEGY,
            zlibVersion(), CInt(MemoryLayout<z_stream>.size))
        unsafe self.stream = stream
        guard result == Z_OK else {
            // A throwing initialiser that has set every property runs deinit: the stream is freed there.
            throw result == Z_MEM_ERROR ? .noMemory : .library(code: Int(result))
        }
    }

    deinit {
        // Ending a stream that did not start, or not finish, is allowed: it answers with an error and frees what there is.
        unsafe _ = deflateEnd(stream)
        unsafe stream.deinitialize(count: 1)
        unsafe stream.deallocate()
    }

    /// Takes input from `input` at `consumed`, which moves on, and appends output to `output` as far as it has room.
    ///
    /// After `.finish` was asked for once, every later call must ask for it again until `.finished`.
    public func process(
        _ input: Span<UInt8>, consumed: inout Int, into output: ByteBuffer, flush: Flush
    ) throws(CompressionError) -> Status {
        if isFinished { return .finished }
        guard consumed >= 0, consumed <= input.count else { throw .invalidParameters }
        while true {
            if output.room == 0 {
                return flush == .none && consumed == input.count ? .needsInput : .needsRoom
            }
            // zlib counts in 32 bits; what is beyond waits for the next round.
            let offered = min(input.count - consumed, 1 << 30)
            let isWhole = offered == input.count - consumed
            let step = try deflate(input.extracting(consumed..<(consumed + offered)), output, isWhole ? flush : .none)
            consumed += step.consumed
            if step.isEnd {
                isFinished = true
                return .finished
            }
            // Room that is left means that zlib has nothing more to say to this flush.
            if consumed == input.count, step.hasRoom { return .needsInput }
        }
    }

    private struct Step {
        var consumed: Int
        var hasRoom: Bool
        var isEnd: Bool
    }

    /// One call of zlib: as much as input and room allow.
    private func deflate(_ input: Span<UInt8>, _ output: ByteBuffer, _ flush: Flush) throws(CompressionError) -> Step {
        let mode: CInt
        switch flush {
        case .none: mode = Z_NO_FLUSH
        case .sync: mode = Z_SYNC_FLUSH
        case .finish: mode = Z_FINISH
        }
        var result: CInt = Z_OK
        var left = 0
        var roomLeft = 0
        _ = output.fill { (free: inout MutableSpan<UInt8>) -> Int in
            let room = min(free.count, 1 << 30)
            // Sound: zlib reads at most avail_in and writes at most avail_out bytes, both the spans' own counts, and the
            // pointers are taken back before the spans end.
            unsafe input.withUnsafeBufferPointer { source in
                unsafe free.withUnsafeMutableBufferPointer { target in
                    unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                    unsafe stream.pointee.avail_in = UInt32(source.count)
                    unsafe stream.pointee.next_out = target.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(room)
                    unsafe result = CZlib.deflate(stream, mode)
                    unsafe left = Int(stream.pointee.avail_in)
                    unsafe roomLeft = Int(stream.pointee.avail_out)
                    unsafe stream.pointee.next_in = nil
                    unsafe stream.pointee.avail_in = 0
                    unsafe stream.pointee.next_out = nil
                    unsafe stream.pointee.avail_out = 0
                }
            }
            return room - roomLeft
        }
        // Z_BUF_ERROR: there was nothing to do. It is no failure (zlib.h, deflate).
        guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else {
            throw .library(code: Int(result))
        }
        return Step(consumed: input.count - left, hasRoom: roomLeft > 0, isEnd: result == Z_STREAM_END)
    }

    /// Halves the window while it is more than twice a body of `length` needs; the hash shrinks with it.
    static func fit(windowBits: Int, memoryLevel: Int, to length: Int?) -> (windowBits: Int, memoryLevel: Int) {
        guard let length, length > 0 else { return (windowBits, memoryLevel) }
        var window = windowBits
        var memory = memoryLevel
        // 262 is the least look-ahead of deflate, which the window must hold besides the text.
        while window > 9, length < (1 << (window - 1)) - 262 {
            window -= 1
            memory -= 1
        }
        return (window, max(memory, 1))
    }

    /// The memory of one encoder, in bytes, as zconf.h states it, with the fixed part rounded up.
    public static func memory(windowBits: Int = 15, memoryLevel: Int = 8) -> Int {
        (1 << (windowBits + 2)) + (1 << (memoryLevel + 9)) + 8192
    }
}
