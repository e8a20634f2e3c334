import HTTP
import TLS

/// What a server demands of a connection before it answers a request on it, as nginx does: that it is encrypted at all, and
/// that the client has shown the certificate it was asked for.
enum SecurityDemands {
    /// The status that refuses the request, the reason being in the log; nil: nothing is against it.
    static func refusal(of context: RequestContext, _ hosts: VirtualHosts) -> Int? {
        guard let session = context.connection.session else {
            return refuse(context, 497, "client sent plain HTTP request to HTTPS port")
        }
        guard let tls = context.server.tls ?? hosts.tls, tls.verification != .off else { return nil }
        if isNegotiatedForAnother(session, context, hosts) {
            return refuse(
                context, 421, "client attempted to request the server name different from the one that was negotiated")
        }
        switch session.verification {
        case .success: return nil
        case .none:
            return tls.verification == .on ? refuse(context, 496, "client sent no required SSL certificate") : nil
        case .failed(let code, let reason):
            if tls.verification == .optionalWithoutCA, session.verification.isOnlyUnvouched { return nil }
            RequestLog.write(context, .info, text: "client SSL certificate verify error: (\(code):\(reason))")
            return 495
        }
    }

    /// The handshake was for a server of another name, so what this one demands of clients was not asked then.
    private static func isNegotiatedForAnother(
        _ session: TLSSession, _ context: RequestContext, _ hosts: VirtualHosts
    ) -> Bool {
        guard let name = session.serverName.map({ Array($0.lowercased().utf8) }), name != context.head.host else {
            return false
        }
        return hosts.named(name) != nil
    }

    private static func refuse(_ context: RequestContext, _ status: Int, _ reason: StaticString) -> Int {
        RequestLog.write(context, .info, reason)
        return status
    }
}
