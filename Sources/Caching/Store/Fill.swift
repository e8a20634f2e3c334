import Bytes
import EventLoops
import Platform

/// One response on its way from the origin, read by any number of readers on any loop while it arrives: the bytes so far, the
/// judgement on its head, its end, and who waits for news.
///
/// One writer feeds it. Look and registration happen under one lock, wakers are woken outside of it. Bytes stand in blocks that
/// never move; while the file keeps up, old blocks are dropped and late readers go on from the file, so memory is bounded. When
/// the file fails, the blocks that the slowest reader still needs are kept, and the writer is told to wait (`isFull`).
public final class Fill: Sendable {
    /// Bytes of body kept in memory.
    public static let usualMemoryLimit = 1 << 20
    static let blockSize = 64 << 10

    public enum Judgement: Sendable {
        /// The head is not here yet.
        case open
        /// Every reader whose variant it is may have it.
        case storable(StoredHead)
        /// May not be shared: everybody goes alone.
        case refused(CacheReason)
        /// The origin gave no usable response; the status is the one for who has nothing better.
        case failed(status: Int)
    }

    /// What there is at a position.
    public enum Step: Sendable {
        /// Bytes of a block; `isLast`: the response ends with them.
        case bytes(SharedBlock, Range<Int>, isLast: Bool)
        /// A range of the file in which the body is being stored.
        case file(CachedFile, isLast: Bool)
        /// Nothing yet: the waker is registered.
        case wait
        /// The whole response has been read.
        case end
        /// The response was cut short.
        case failed
    }

    public let key: CacheKey
    public let place: CachePlace
    /// Milliseconds of the monotonic clock.
    public let startedAt: Int64
    private let memoryLimit: Int
    private let state: Lock<FillState>

    public init(
        key: CacheKey, place: CachePlace, startedAt: Int64 = Clock.monotonicMilliseconds(),
        memoryLimit: Int = Fill.usualMemoryLimit
    ) {
        self.key = key
        self.place = place
        self.startedAt = startedAt
        self.memoryLimit = max(memoryLimit, Fill.blockSize * 2)
        state = Lock(FillState())
    }

    // MARK: Readers

    /// Names a reader of this fill. Ended by `detach`.
    public typealias Reader = Int

    /// Adds a reader at the first byte; nil when the fill takes none any more.
    public func attach() -> Reader? { state.withLock { $0.attach() } }

    /// The reader is gone, or has all it wants.
    public func detach(_ reader: Reader) {
        let waker = state.withLock { state -> Waker? in
            state.readers[reader] = nil
            state.trim(to: memoryLimit)
            return state.takeRoomWaker(memoryLimit)
        }
        waker?.wake(.fill)
    }

    /// Whether a new reader would be taken.
    public var acceptsReaders: Bool { state.withLock { $0.acceptsReaders } }

    public var readerCount: Int { state.withLock { $0.readers.count } }

    /// The judgement so far; while it is open, `waker` is registered for the reader under the same lock.
    public func judgement(_ reader: Reader, _ waker: Waker?) -> Judgement {
        state.withLock { state in
            if case .open = state.judgement, let waker { state.readers[reader]?.waker = waker }
            return state.judgement
        }
    }

    /// Whether the response was cut short.
    public var isCutShort: Bool { state.withLock { $0.end == .broken } }

    /// How far the response has come, for who waits for all of it. Lost: it was cut short, or can no longer be stored and
    /// goes on at the pace of those who read it.
    public enum Progress: Sendable { case arriving, whole, lost }

    /// The progress so far; while it arrives, `waker` is registered for the reader under the same lock.
    public func progress(_ reader: Reader, _ waker: Waker) -> Progress {
        state.withLock { state in
            switch state.end {
            case .open where state.canSpool:
                state.readers[reader]?.waker = waker
                return .arriving
            case .complete: return .whole
            case .open, .broken: return .lost
            }
        }
    }

    /// What there is at `position`; when nothing is, `waker` is registered under the same lock. All bytes before `position`
    /// are done with as far as this reader goes.
    public func next(_ reader: Reader, at position: Int, _ waker: Waker?) -> Step {
        let (step, roomWaker) = state.withLock { state -> (Step, Waker?) in
            guard state.readers[reader] != nil else { return (.failed, nil) }
            state.readers[reader]?.position = position
            let step = state.step(at: position)
            if case .wait = step, let waker { state.readers[reader]?.waker = waker }
            if state.canSpool { return (step, nil) }
            state.trim(to: memoryLimit)
            return (step, state.takeRoomWaker(memoryLimit))
        }
        roomWaker?.wake(.fill)
        return step
    }

    // MARK: The writer

    /// Settles the judgement, once.
    public func judge(_ judgement: Judgement) {
        wake(
            state.withLock { state in
                guard case .open = state.judgement else { return [] }
                state.judgement = judgement
                if case .storable(let head) = judgement { state.declaredLength = head.declaredLength }
                return state.takeWakers()
            })
    }

    /// Appends bytes of the body; with `isLast` the end is published together with them. `writer` stores them at the same
    /// time, if it can; it is false when it no longer can, and the fill goes on in memory. `releasing` is the writer's.
    @discardableResult
    public func append(
        _ span: Span<UInt8>, isLast: Bool, storingIn writer: EntryWriter?, releasing: () -> Void = {}
    ) -> Bool {
        let isStored = writer?.write(span, releasing: releasing) ?? false
        copy(span)
        wake(
            state.withLock { state in
                state.count += span.count
                if isLast, state.end == .open { state.end = .complete }
                state.canSpool = isStored
                if isStored { state.file = writer?.readablePart ?? state.file }
                state.trim(to: memoryLimit)
                return state.takeWakers()
            })
        return isStored
    }

    /// Publishes the end after the last bytes.
    public func finish() {
        wake(
            state.withLock { state in
                if state.end == .open { state.end = .complete }
                return state.takeWakers()
            })
    }

    /// The response was cut short: readers get what is there, then the failure.
    public func breakOff() {
        wake(
            state.withLock { state in
                if state.end == .open { state.end = .broken }
                return state.takeWakers()
            })
    }

    /// Whether the writer has to wait for the slowest reader.
    public var isFull: Bool { state.withLock { $0.isFull(memoryLimit) } }

    /// Whether the writer has to wait; if so, `waker` is woken when there is room.
    public func isFull(_ waker: Waker) -> Bool {
        state.withLock { state in
            let isFull = state.isFull(memoryLimit)
            if isFull { state.roomWaker = waker }
            return isFull
        }
    }

    /// Bytes of body so far.
    public var count: Int { state.withLock { $0.count } }

    /// Bytes of body held in memory.
    public var memoryUsed: Int { state.withLock { $0.memoryUsed } }

    private func wake(_ wakers: [Waker]) { for waker in wakers { waker.wake(.fill) } }

    /// Copies behind the published length: no reader looks there, so no lock is held meanwhile.
    private func copy(_ span: Span<UInt8>) {
        var done = 0
        while done < span.count {
            let (block, offset) = state.withLock { $0.blockToWrite(span.count - done, done) }
            let part = min(span.count - done, block.capacity - offset)
            block.write(span.extracting(done..<(done + part)), at: offset)
            done += part
        }
    }
}
