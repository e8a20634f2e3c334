import Bytes
import Server
import TLS

/// Variables about the client's TLS connection: `$ssl_…`. Without TLS they have no value.
enum TLSVariables {
    static let all: [VariableDefinition] = connection + client

    private static func variable(
        _ name: String, _ summary: String, _ value: @escaping @Sendable (TLSSession) -> String?
    ) -> VariableDefinition {
        VariableDefinition(name, summary) { context, output in
            guard let session = context.connection.session, let text = value(session) else { return false }
            output.append(contentsOf: text.utf8)
            return !text.isEmpty
        }
    }

    private static let connection: [VariableDefinition] = [
        variable("ssl_protocol", "The version of TLS, as TLSv1.3.") { $0.protocolName },
        variable("ssl_cipher", "The cipher that is used.") { $0.cipherName },
        variable("ssl_ciphers", "The ciphers that the client supports.") { $0.clientCiphers },
        variable("ssl_curve", "The curve of the key exchange.") { $0.curve },
        variable("ssl_curves", "The curves that the client supports.") { $0.clientCurves },
        variable("ssl_session_id", "The number of the session in hexadecimal.") { $0.sessionID },
        variable("ssl_session_reused", "\"r\" when a session was resumed, else \".\".") { $0.isResumed ? "r" : "." },
        variable("ssl_server_name", "The name that the client asked for.") { $0.serverName },
        variable("ssl_alpn_protocol", "The protocol that was agreed on in the handshake.") { $0.applicationProtocol },
        variable("ssl_early_data", "Always empty: early data is not accepted.") { _ in nil },
    ]

    private static let client: [VariableDefinition] = [
        variable("ssl_client_verify", "SUCCESS, NONE, or FAILED:reason.") { $0.verification.description },
        certificate("ssl_client_cert", "The client's certificate in PEM, its lines folded.") { $0.foldedVariable },
        certificate("ssl_client_raw_cert", "The client's certificate in PEM.") { $0.pem },
        certificate("ssl_client_escaped_cert", "The client's certificate in PEM, encoded for a URI.") { $0.escapedVariable },
        certificate("ssl_client_s_dn", "The subject of the client's certificate.") { $0.subject() },
        certificate("ssl_client_i_dn", "The issuer of the client's certificate.") { $0.issuer() },
        certificate("ssl_client_s_dn_legacy", "The subject in the older form.") { $0.subject(.legacy) },
        certificate("ssl_client_i_dn_legacy", "The issuer in the older form.") { $0.issuer(.legacy) },
        certificate("ssl_client_serial", "The serial number of the client's certificate.") { $0.serial },
        certificate("ssl_client_fingerprint", "The SHA-1 of the client's certificate.") { $0.fingerprint() },
        certificate("ssl_client_v_start", "From when the client's certificate is valid.") { $0.validFromText },
        certificate("ssl_client_v_end", "Until when the client's certificate is valid.") { $0.validUntilText },
        VariableDefinition("ssl_client_v_remain", "Days until the client's certificate expires.") { context, output in
            guard let certificate = context.connection.session?.peerCertificate,
                let days = certificate.remainingDays(now: Int(context.serving.loop.wallNow / 1000))
            else { return false }
            output.append(decimal: days)
            return true
        },
    ]

    private static func certificate(
        _ name: String, _ summary: String, _ value: @escaping @Sendable (Certificate) -> String
    ) -> VariableDefinition {
        variable(name, summary) { $0.peerCertificate.map(value) }
    }
}
