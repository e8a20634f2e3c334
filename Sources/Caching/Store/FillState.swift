import Bytes
import EventLoops

/// What a fill keeps behind its lock.
struct FillState {
    enum End { case open, complete, broken }

    struct Reader {
        var position = 0
        var waker: Waker?
    }

    /// A block and the range of the body that it holds from `start` on.
    struct Piece {
        let block: SharedBlock
        let start: Int
        var end: Int { start + block.capacity }
    }

    var judgement = Fill.Judgement.open
    var declaredLength: Int?
    var end = End.open
    /// Bytes published.
    var count = 0
    var readers: [Int: Reader] = [:]
    var roomWaker: Waker?
    /// The part of the body that is in the file.
    var file: CachedFile?
    /// Whether the file still keeps up.
    var canSpool = true
    private var nextReader = 0
    private var pieces: [Piece] = []
    private var firstPiece = 0

    var acceptsReaders: Bool {
        switch judgement {
        case .refused, .failed: false
        case .open, .storable: canSpool && end != .broken && (memoryStart == 0 || isInFile(0))
        }
    }

    mutating func attach() -> Int? {
        guard acceptsReaders else { return nil }
        nextReader += 1
        readers[nextReader] = Reader()
        return nextReader
    }

    /// Where the bytes in memory begin.
    private var memoryStart: Int { firstPiece < pieces.count ? pieces[firstPiece].start : count }

    var memoryUsed: Int {
        var total = 0
        for piece in pieces[firstPiece...] { total += piece.block.capacity }
        return total
    }

    private func isInFile(_ position: Int) -> Bool { file.map { position < $0.count } ?? false }

    /// Nobody gets a byte before the head is judged storable.
    func step(at position: Int) -> Fill.Step {
        switch judgement {
        case .open: return .wait
        case .refused, .failed: return .failed
        case .storable: return storableStep(at: position)
        }
    }

    private func storableStep(at position: Int) -> Fill.Step {
        if position >= count {
            switch end {
            case .open: return .wait
            case .complete: return .end
            case .broken: return .failed
            }
        }
        if position < memoryStart {
            guard let file, position < file.count else { return .failed }
            // Up to where memory begins: from there on a block is cheaper.
            let upTo = min(file.count, max(memoryStart, position + 1))
            let part = CachedFile(descriptor: file.descriptor, offset: file.offset + position, count: upTo - position)
            return .file(part, isLast: upTo == count && end == .complete)
        }
        var low = firstPiece
        var high = pieces.count - 1
        while low < high {
            let middle = (low + high) / 2
            if position < pieces[middle].end { high = middle } else { low = middle + 1 }
        }
        let piece = pieces[low]
        let upTo = min(count, piece.end)
        return .bytes(piece.block, (position - piece.start)..<(upTo - piece.start), isLast: upTo == count && end == .complete)
    }

    /// The block into which the writer's next bytes go, `ahead` bytes of which are copied but not published yet, and where.
    mutating func blockToWrite(_ wanted: Int, _ ahead: Int) -> (SharedBlock, Int) {
        let position = count + ahead
        if let last = pieces.last, position < last.end { return (last.block, position - last.start) }
        var size = Fill.blockSize
        if let declaredLength, declaredLength > position { size = min(size, declaredLength - position) }
        if declaredLength == nil, pieces.isEmpty { size = min(size, max(wanted, 16 << 10)) }
        let piece = Piece(block: SharedBlock(capacity: max(size, 1)), start: position)
        pieces.append(piece)
        return (piece.block, 0)
    }

    /// Drops blocks that memory has no room for: those that the file has too, or that every reader is past.
    mutating func trim(to limit: Int) {
        var used = memoryUsed
        guard used > limit else { return }
        let slowest = canSpool ? Int.max : readers.values.reduce(count) { min($0, $1.position) }
        while used > limit, firstPiece < pieces.count - 1 {
            let piece = pieces[firstPiece]
            let isInFile = piece.end <= file?.count ?? 0
            guard isInFile || (!canSpool && piece.end <= slowest) else { break }
            used -= piece.block.capacity
            firstPiece += 1
        }
        if firstPiece > 64 || firstPiece * 2 > pieces.count {
            pieces.removeFirst(firstPiece)
            firstPiece = 0
        }
    }

    func isFull(_ limit: Int) -> Bool { !canSpool && memoryUsed > limit && end == .open }

    mutating func takeRoomWaker(_ limit: Int) -> Waker? {
        guard let waker = roomWaker, !isFull(limit) else { return nil }
        roomWaker = nil
        return waker
    }

    mutating func takeWakers() -> [Waker] {
        var wakers: [Waker] = []
        for reader in readers.keys {
            guard let waker = readers[reader]?.waker else { continue }
            wakers.append(waker)
            readers[reader]?.waker = nil
        }
        return wakers
    }
}
