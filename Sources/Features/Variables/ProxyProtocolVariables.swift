import Bytes
import HTTP
import Platform
import Server

/// What a balancer has told of the client in a header of the PROXY protocol (`listen … proxy_protocol`); none of them has a
/// value where it told nothing.
enum ProxyProtocolVariables {
    static let all: [VariableDefinition] = [
        VariableDefinition("proxy_protocol_addr", "The client's address by the PROXY protocol.", isPlain: true) {
            context, output in
            appendHost(context.connection.origin?.proxyHeader?.source, &output)
        },
        VariableDefinition("proxy_protocol_port", "The client's port by the PROXY protocol.", isPlain: true) {
            context, output in
            appendPort(context.connection.origin?.proxyHeader?.source, &output)
        },
        VariableDefinition(
            "proxy_protocol_server_addr", "The address the client came to, by the PROXY protocol.", isPlain: true
        ) { context, output in
            appendHost(context.connection.origin?.proxyHeader?.destination, &output)
        },
        VariableDefinition(
            "proxy_protocol_server_port", "The port the client came to, by the PROXY protocol.", isPlain: true
        ) { context, output in
            appendPort(context.connection.origin?.proxyHeader?.destination, &output)
        },
        VariableDefinition(
            family: "proxy_protocol_tlv_",
            """
            An additional value of the PROXY protocol, version 2: alpn, authority, unique_id, ssl, netns, ssl_verify, \
            ssl_version, ssl_cn, ssl_cipher, ssl_sig_alg, ssl_key_alg, or a number as 0x05 and ssl_0x21.
            """
        ) { name in
            guard let wanted = ProxyValueName(name) else { return nil }
            return VariableReader { context, output in
                guard let value = context.connection.origin?.proxyHeader?.value(wanted) else { return false }
                output.append(value.span)
                return true
            }
        },
    ]

    private static func appendHost(_ address: SocketAddress?, _ output: inout ByteString) -> Bool {
        guard let address else { return false }
        AddressText.appendHost(address, to: &output)
        return true
    }

    private static func appendPort(_ address: SocketAddress?, _ output: inout ByteString) -> Bool {
        guard let port = address?.port else { return false }
        output.append(decimal: Int(port))
        return true
    }
}
