import Bytes
import EventLoops
import Platform

/// A response on its way: a queue of sources that the exchange appends to and the connection drains.
///
/// Sources never change their order. Memory has a bound; what is beyond it goes to a temporary file up to its bound; beyond
/// that the outbox is full and the producer waits for room. Filters sit between the queue and the drain, and run only when
/// somebody drains.
public final class Outbox {
    private enum Kind {
        case memory(ByteRegion)
        case file(SharedDescriptor)
        /// A range of the one temporary file.
        case temporary
        case follow(any BodyFollower)
    }

    private struct Source {
        var kind: Kind
        /// What is left: positions in the file, in the follower's body; for memory the region's own.
        var low: Int
        var high: Int
    }

    /// What stands at the front for the drain.
    public enum Front {
        /// `piece` holds it.
        case memory
        /// `pieceFile` from `pieceOffset`, `pieceCount` bytes.
        case file
        /// Nothing for now.
        case wait
        case end
        /// Cut short: what came before is out already.
        case failed
    }

    private var sources: [Source] = []
    private var head = 0
    private var memoryCount = 0
    private var temporary: BodyFile?
    private var temporaryEnd = 0
    private var isEnded = false
    private var hasFailed = false
    private var isDiscarded = false
    private var stages: [FilterStage] = []

    /// Bytes that may stand in memory.
    public var memoryLimit = 65536
    /// Bytes that may go to the temporary file; 0: none is made.
    public var temporaryLimit = 0
    public var temporaryDirectory = ""
    private var wantsRoom = false
    /// Who is told when something is appended, and woken when there is room again.
    public unowned var owner: Exchange?
    /// What wakes the reader of a fill.
    public var followerWaker: Waker?

    public private(set) var piece = ByteRegion.empty
    public private(set) var pieceFile: SharedDescriptor?
    public private(set) var pieceOffset = 0
    public private(set) var pieceCount = 0

    public init() {}

    /// For the next exchange; what it held has been discarded.
    func reset() {
        discard()
        temporaryEnd = 0
        isEnded = false
        hasFailed = false
        isDiscarded = false
        memoryLimit = 65536
        temporaryLimit = 0
        temporaryFailed = false
        followerWaker = nil
    }

    // MARK: The producer's side

    /// Appends a range of a block that nobody writes to any more; `isLast`: nothing follows.
    public func append(_ region: ByteRegion, isLast: Bool = false) {
        guard !isDiscarded else { return }
        if isLast { isEnded = true }
        // Without bytes too: the head may wait for this call.
        guard region.count > 0 else {
            owner?.pumpDrain()
            return
        }
        pushMemory(region)
        owner?.pumpDrain()
        settle()
        if isLast { flushTemporary() }
    }

    public func append(_ file: SharedDescriptor, _ range: Range<Int>) {
        guard !isDiscarded, !range.isEmpty else { return }
        push(Source(kind: .file(file), low: range.lowerBound, high: range.upperBound))
        owner?.pumpDrain()
    }

    /// Appends what `follower` brings between two positions (`high` may be beyond the end).
    public func append(_ follower: any BodyFollower, from low: Int, to high: Int) {
        guard !isDiscarded else { return follower.leave() }
        push(Source(kind: .follow(follower), low: low, high: high))
        owner?.pumpDrain()
    }

    /// Appends all that there is, and ends: a filter sees the last bytes and the end together, and does not flush between.
    public func end(with content: Content) {
        if !isDiscarded { push(content) }
        end()
    }

    private func push(_ content: Content) {
        switch content {
        case .empty: break
        case .memory(let bytes, let range): pushMemory(ByteRegion(bytes, range))
        case .file(let file, let range):
            if !range.isEmpty { push(Source(kind: .file(file), low: range.lowerBound, high: range.upperBound)) }
        case .pieces(let pieces): for piece in pieces { push(piece) }
        }
    }

    private func pushMemory(_ region: ByteRegion) {
        guard region.count > 0 else { return }
        push(Source(kind: .memory(region), low: region.range.lowerBound, high: region.range.upperBound))
        memoryCount += region.count
    }

    public func end() {
        isEnded = true
        owner?.pumpDrain()
        flushTemporary()
    }

    /// No more comes: all of it goes to the file. If the disk refuses, the rest is sent from memory.
    private func flushTemporary() { try? temporary?.flush() }

    /// No more comes although more was promised.
    public func fail() {
        hasFailed = true
        isEnded = true
        owner?.pumpDrain()
    }

    /// Everything is given back; later appends are swallowed.
    public func discard() {
        guard !isDiscarded else { return }
        isDiscarded = true
        for source in sources[head...] {
            if case .follow(let follower) = source.kind { follower.leave() }
        }
        if sources.count > 16 { sources = [] } else if !sources.isEmpty { sources.removeAll(keepingCapacity: true) }
        head = 0
        memoryCount = 0
        temporary = nil
        pieceFile = nil
        piece = .empty
        if !stages.isEmpty { stages = [] }
        let owner = self.owner
        self.owner = nil
        if wantsRoom {
            wantsRoom = false
            owner?.wake(.room)
        }
    }

    public var isFull: Bool {
        if isDiscarded { return false }
        if memoryCount < memoryLimit { return false }
        return temporaryLimit == 0 || temporaryEnd >= temporaryLimit || temporaryFailed
    }

    private var temporaryFailed = false

    /// Asks to be woken with `.room`. Said right before parking.
    public func requestRoom() { wantsRoom = true }

    private func push(_ source: Source) {
        if head > 16, head * 2 > sources.count {
            sources.removeFirst(head)
            head = 0
        }
        sources.append(source)
    }

    /// What the drain has not taken at once: kept small in memory, or moved to the temporary file.
    private func settle() {
        guard let last = sources.indices.last, last >= head, case .memory(let region) = sources[last].kind else { return }
        let rest = ByteRegion.narrowed(region, sources[last].low..<sources[last].high)
        if memoryCount > memoryLimit, temporaryLimit > 0, temporaryEnd < temporaryLimit, !temporaryFailed {
            moveToFile(rest, last)
        } else if rest.count <= 16384 {
            // A few bytes must not pin a whole block.
            let copy = ByteBuffer(capacity: max(rest.count, 1))
            copy.append(rest.bytes)
            sources[last] = Source(kind: .memory(ByteRegion(copy, 0..<copy.count)), low: 0, high: copy.count)
        }
    }

    private func moveToFile(_ rest: ByteRegion, _ place: Int) {
        do throws(SystemError) {
            if temporary == nil { temporary = try BodyFile(directory: temporaryDirectory, pieces: 32768) }
            guard let temporary else { return }
            let start = temporary.count
            try temporary.append(rest.bytes)
            temporaryEnd = temporary.count
            memoryCount -= rest.count
            if place > head, case .temporary = sources[place - 1].kind, sources[place - 1].high == start {
                sources[place - 1].high = temporary.count
                sources.removeLast()
            } else {
                sources[place] = Source(kind: .temporary, low: start, high: temporary.count)
            }
        } catch {
            // The disk refuses: go on in memory, at the reader's pace.
            temporaryFailed = true
        }
    }

    private func signalRoom() {
        guard wantsRoom else { return }
        wantsRoom = false
        owner?.wake(.room)
    }

    // MARK: The drain's side

    public func addFilter(_ filter: BodyFilter) { stages.append(FilterStage(filter)) }

    public func front() -> Front { stages.isEmpty ? sourceFront() : stageFront(stages.count - 1) }

    /// Takes `n` bytes off the front.
    public func consume(_ n: Int) {
        if stages.isEmpty { consumeSource(n) } else { stages[stages.count - 1].consume(n) }
    }

    /// Whether the end follows right after the piece at the front.
    public var frontIsLast: Bool {
        if let last = stages.last { return last.isFinished && !last.filter.hasFailed }
        guard isEnded, !hasFailed, head == sources.count - 1 else { return false }
        if case .follow = sources[head].kind { return false }
        return true
    }

    private func sourceFront() -> Front {
        while head < sources.count {
            let source = sources[head]
            if source.low >= source.high {
                dropFront()
                continue
            }
            switch source.kind {
            case .memory(let region):
                piece = ByteRegion.narrowed(region, source.low..<source.high)
                return .memory
            case .file(let file): return setFile(file, source.low, source.high)
            case .temporary:
                guard let temporary else { return .failed }
                if source.low >= temporary.written {
                    piece = temporary.unwritten(source.low..<source.high)
                    return .memory
                }
                return setFile(temporary.descriptor, source.low, min(source.high, temporary.written))
            case .follow(let follower):
                if let front = followFront(follower, source) { return front }
            }
        }
        if hasFailed { return .failed }
        return isEnded ? .end : .wait
    }

    private func setFile(_ file: SharedDescriptor, _ low: Int, _ high: Int) -> Front {
        pieceFile = file
        pieceOffset = low
        pieceCount = high - low
        return .file
    }

    /// nil: the follower has come to its end; look at the next source.
    private func followFront(_ follower: any BodyFollower, _ source: Source) -> Front? {
        guard let waker = followerWaker else { return .wait }
        switch follower.next(at: source.low, waker) {
        case .shared(let block, let range):
            let count = min(range.count, source.high - source.low)
            piece = ByteRegion(block, range.lowerBound..<range.lowerBound + count)
            return .memory
        case .file(let file, let range):
            return setFile(file, range.lowerBound, range.lowerBound + min(range.count, source.high - source.low))
        case .wait: return .wait
        case .end:
            dropFront()
            return nil
        case .failed:
            hasFailed = true
            dropFront()
            return .failed
        }
    }

    private func dropFront() {
        if case .follow(let follower) = sources[head].kind { follower.leave() }
        sources[head].kind = .temporary
        head += 1
        if head == sources.count {
            sources.removeAll(keepingCapacity: true)
            head = 0
        }
    }

    private func consumeSource(_ n: Int) {
        guard n > 0, head < sources.count else { return }
        sources[head].low += n
        if case .memory = sources[head].kind { memoryCount -= n }
        if sources[head].low >= sources[head].high { dropFront() }
        if wantsRoom, memoryCount * 2 <= memoryLimit, !isTemporaryPending { signalRoom() }
    }

    /// Part of the temporary file is still to be sent although it is full.
    private var isTemporaryPending: Bool {
        guard temporaryLimit > 0, temporaryEnd >= temporaryLimit, !temporaryFailed else { return false }
        for source in sources[head...] {
            if case .temporary = source.kind { return true }
        }
        // All of it is out: begin it anew.
        temporary = nil
        temporaryEnd = 0
        return false
    }

    // MARK: Filters

    /// What the filter gives for all that is at hand below it, or for as much as its block holds: few chunks, few calls.
    private func stageFront(_ level: Int) -> Front {
        let stage = stages[level]
        if !stage.hasOutput {
            if stage.filter.hasFailed { return .failed }
            if stage.isFinished { return .end }
            stage.output = ByteBuffer(capacity: FilterStage.capacity)
            stage.offset = 0
            if let front = gather(stage, level), !stage.hasOutput { return front }
        }
        piece = ByteRegion(stage.output, stage.offset..<stage.output.count)
        return .memory
    }

    /// Runs the filter until its block is full or there is nothing below; what there is instead. nil: the block is full.
    private func gather(_ stage: FilterStage, _ level: Int) -> Front? {
        while stage.output.room > 0 {
            if stage.filter.hasFailed { return .failed }
            if stage.isFinished { return .end }
            if stage.inputEnded {
                stage.isFinished = stage.filter.finish(into: stage.output)
                continue
            }
            switch level == 0 ? sourceFront() : stageFront(level - 1) {
            case .memory:
                let piece = piece
                let taken = stage.filter.process(piece.bytes, into: stage.output)
                consume(taken, below: level)
                if taken == 0, stage.hasOutput { return nil }
            case .file:
                guard let file = pieceFile, let taken = stage.processFile(file, pieceOffset, pieceCount) else { return .failed }
                consume(taken, below: level)
                if taken == 0, stage.hasOutput { return nil }
            case .wait:
                _ = stage.filter.flush(into: stage.output)
                return .wait
            case .end: stage.inputEnded = true
            case .failed: return .failed
            }
        }
        return nil
    }

    private func consume(_ n: Int, below level: Int) {
        if level == 0 { consumeSource(n) } else { stages[level - 1].consume(n) }
    }
}

/// One filter with the bytes it has put out.
private final class FilterStage {
    static let capacity = 16384
    let filter: BodyFilter
    var output = ByteBuffer(capacity: 1)
    var offset = 0
    var inputEnded = false
    var isFinished = false
    private var input: ByteBuffer?

    init(_ filter: BodyFilter) { self.filter = filter }

    var hasOutput: Bool { offset < output.count }

    func consume(_ n: Int) { offset += n }

    /// Reads a piece of a file and filters it; nil: the file cannot be read.
    func processFile(_ file: SharedDescriptor, _ start: Int, _ count: Int) -> Int? {
        let block = input ?? ByteBuffer(capacity: 32768)
        input = block
        block.clear()
        let wanted = min(count, block.capacity)
        let read = block.fill { span in
            var part = span._mutatingExtracting(first: wanted)
            return (try? File.read(file.rawValue, into: &part, at: start)) ?? 0
        }
        if read == 0 { return nil }
        return filter.process(block.bytes, into: output)
    }
}
