import Bytes
import Caching
import EventLoops
import Platform

/// One client's view of a fill: where it reads, until it leaves.
final class FillFollower: BodyFollower {
    private let fill: Fill
    private let reader: Fill.Reader
    private var hasLeft = false
    let declaredLength: Int?

    init(_ fill: Fill, _ reader: Fill.Reader, declaredLength: Int?) {
        self.fill = fill
        self.reader = reader
        self.declaredLength = declaredLength
    }

    deinit { if !hasLeft { fill.detach(reader) } }

    func next(at position: Int, _ waker: Waker) -> FollowStep {
        switch fill.next(reader, at: position, waker) {
        case .bytes(let block, let range, _): .shared(block, range)
        case .file(let file, _): .file(file.descriptor, file.offset..<(file.offset + file.count))
        case .wait: .wait
        case .end: .end
        case .failed: .failed
        }
    }

    func leave() {
        if hasLeft { return }
        hasLeft = true
        fill.detach(reader)
    }
}
