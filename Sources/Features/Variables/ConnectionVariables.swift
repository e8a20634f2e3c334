import Bytes
import HTTP
import Platform
import Server

/// Variables about the client's connection and this server's end of it.
enum ConnectionVariables {
    static let all: [VariableDefinition] = [
        VariableDefinition("remote_addr", "The client's address.", isPlain: true) { context, output in
            AddressText.appendHost(context.connection.peer, to: &output)
            return true
        },
        VariableDefinition("remote_port", "The client's port.", isPlain: true) { context, output in
            AddressText.appendPort(context.connection.peer, to: &output)
            return true
        },
        VariableDefinition("binary_remote_addr", "The client's address as 4 or 16 bytes.") { context, output in
            switch context.connection.peer {
            case .v4(let address, _):
                let bytes = address.bytes
                output.append(contentsOf: [bytes.0, bytes.1, bytes.2, bytes.3])
            case .v6(let address, _): output.append(contentsOf: address.bytes)
            case .unix: output.append(literal: "unix:")
            }
            return true
        },
        VariableDefinition("server_addr", "The address the client came to.", isPlain: true) { context, output in
            AddressText.appendHost(local(context), to: &output)
            return true
        },
        VariableDefinition("server_port", "The port the client came to.", isPlain: true) { context, output in
            guard let port = context.connection.local.port else { return false }
            output.append(decimal: Int(port))
            return true
        },
        VariableDefinition("connection", "The number of the connection.", isPlain: true) { context, output in
            output.append(decimal: Int(clamping: context.connection.number))
            return true
        },
        VariableDefinition("connection_requests", "Requests of this connection so far.", isPlain: true) { context, output in
            output.append(decimal: context.connection.requests)
            return true
        },
        VariableDefinition("connection_time", "Seconds the connection has lasted, with milliseconds.") { context, output in
            TimeText.append(milliseconds: context.serving.loop.wallNow - context.connection.startedAt, to: &output)
            return true
        },
        VariableDefinition("pipe", "\"p\" if the request was pipelined, else \".\".") { context, output in
            output.append(context.isPipelined ? UInt8(ascii: "p") : UInt8(ascii: "."))
            return true
        },
        VariableDefinition(family: "tcpinfo_", "What the kernel knows of the connection: rtt, rttvar, snd_cwnd, rcv_space.") {
            name in
            guard ["rtt", "rttvar", "snd_cwnd", "rcv_space"].contains(name) else { return nil }
            return VariableReader { context, output in
                guard context.connection.descriptor >= 0, let info = Socket.tcpInfo(context.connection.descriptor) else {
                    return false
                }
                switch name {
                case "rtt": output.append(decimal: info.rtt)
                case "rttvar": output.append(decimal: info.rttVariance)
                case "snd_cwnd": output.append(decimal: info.congestionWindow)
                default: output.append(decimal: info.receiveSpace)
                }
                return true
            }
        },
        VariableDefinition("pid", "The number of the serving process.") { _, output in
            output.append(decimal: Int(ProcessControl.identifier))
            return true
        },
        VariableDefinition("hostname", "The name of this machine.") { _, output in
            output.append(contentsOf: ProcessControl.hostName.utf8)
            return true
        },
        VariableDefinition("nginx_version", "The level of nginx's language.", dependsOnRequest: false) { _, output in
            output.append(literal: "1.31.5")
            return true
        },
    ]

    /// A socket on a wildcard does not know the address the client came to.
    private static func local(_ context: RequestContext) -> SocketAddress {
        let local = context.connection.local
        guard local.isWildcard, context.connection.descriptor >= 0 else { return local }
        return Socket.localAddress(context.connection.descriptor) ?? local
    }
}

/// Addresses as bytes, without a String for those that come with every request.
enum AddressText {
    static func appendHost(_ address: SocketAddress, to output: inout ByteString) {
        guard case .v4(let v4, _) = address else {
            output.append(contentsOf: address.host.utf8)
            return
        }
        let bytes = v4.bytes
        // In nearly every line of a log: put together aside, appended once.
        var text = InlineArray<16, UInt8>(repeating: UInt8(ascii: "."))
        var count = 0
        put(bytes.0, &text, &count)
        put(bytes.1, &text, &count)
        put(bytes.2, &text, &count)
        put(bytes.3, &text, &count)
        output.append(text.span.extracting(0..<(count - 1)))
    }

    /// Nothing where there is no port: a Unix socket, an address that a proxy has named without one.
    static func appendPort(_ address: SocketAddress, to output: inout ByteString) {
        if let port = address.port, port > 0 { output.append(decimal: Int(port)) }
    }

    /// The digits of one part; the dot behind them is there already.
    private static func put(_ value: UInt8, _ text: inout InlineArray<16, UInt8>, _ count: inout Int) {
        if value >= 100 {
            text[count] = 48 + value / 100
            count += 1
        }
        if value >= 10 {
            text[count] = 48 + value / 10 % 10
            count += 1
        }
        text[count] = 48 + value % 10
        count += 2
    }
}

/// Durations and times as seconds with three digits behind the point.
enum TimeText {
    static func append(milliseconds: Int64, to output: inout ByteString) {
        let value = max(milliseconds, 0)
        output.append(decimal: Int(value / 1000))
        output.append(UInt8(ascii: "."))
        let rest = Int(value % 1000)
        output.append(UInt8(truncatingIfNeeded: 48 + rest / 100))
        output.append(UInt8(truncatingIfNeeded: 48 + rest / 10 % 10))
        output.append(UInt8(truncatingIfNeeded: 48 + rest % 10))
    }
}
