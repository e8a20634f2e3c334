import Observability
import Platform

/// What the error log says of an upstream, in nginx's words: what failed, the system's reason, what was being done.
extension UpstreamExchange {
    enum Phase {
        case connecting, handshaking, sending, readingHead, reading, tunnelling

        var words: StaticString {
            switch self {
            case .connecting: " while connecting to upstream"
            case .handshaking: " while SSL handshaking to upstream"
            case .sending: " while sending request to upstream"
            case .readingHead: " while reading response header from upstream"
            case .reading: " while reading upstream"
            case .tunnelling: " while proxying upgraded connection"
            }
        }
    }

    func logFailure(_ what: StaticString, _ error: SystemError?, _ phase: Phase, level: LogLevel = .error) {
        noteTarget()
        RequestLog.upstreamError(context, level, what, error, phase.words)
    }

    /// In words that are known only now.
    func logFailure(text: String, _ phase: Phase) {
        noteTarget()
        RequestLog.upstreamError(context, .error, text: text, phase.words)
    }

    private func noteTarget() {
        guard let target = plan.target(context) else { return }
        trace.uri.clear()
        trace.isEncrypted = target.isEncrypted
        TargetRewriting.append(context, plan, target, to: &trace.uri)
    }
}
