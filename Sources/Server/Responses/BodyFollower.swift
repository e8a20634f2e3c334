import Bytes
import EventLoops
import Platform

/// A body that grows while it is read: a fill that another exchange feeds.
public protocol BodyFollower: AnyObject {
    /// What stands at `position`, or that one has to wait; the waker is called when there is more.
    func next(at position: Int, _ waker: Waker) -> FollowStep
    /// The length that the origin declared, when it did.
    var declaredLength: Int? { get }
    /// The reader goes: a fill without readers may be ended.
    func leave()
}

/// One look at a growing body.
public enum FollowStep {
    case shared(SharedBlock, Range<Int>)
    case file(SharedDescriptor, Range<Int>)
    case wait
    case end
    case failed
}
