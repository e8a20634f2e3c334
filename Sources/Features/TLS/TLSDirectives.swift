import Configuration
import TLS

/// What the directives of TLS towards clients and towards upstreams have in common.
enum TLSArguments {
    /// The versions of the protocol by their names. The first two do not exist any more.
    static let versions: KeyValuePairs<String, TLSProtocols> = [
        "SSLv2": [], "SSLv3": [], "TLSv1": .tls10, "TLSv1.1": .tls11, "TLSv1.2": .tls12, "TLSv1.3": .tls13,
    ]

    /// Errors: a certificate or a key that is named by a variable; `hint` says what can be done in its place.
    static func plain(_ argument: Argument, hint: String) throws(Diagnostic) -> Argument {
        guard argument.text.contains("$") else { return argument }
        throw Diagnostic("certificates named by variables are not supported yet", at: argument.location, hint: hint)
    }

    /// As `plain`. Errors: also a key that is in no file.
    static func plainKey(_ argument: Argument, hint: String) throws(Diagnostic) -> Argument {
        for kind in ["engine:", "store:"] where argument.text.hasPrefix(kind) {
            throw Diagnostic(
                "keys of the form \"\(kind)…\" are not supported", at: argument.location, hint: "name a file in PEM")
        }
        return try plain(argument, hint: hint)
    }
}

extension Directive {
    /// A directive of TLS that names a file, which is a part of the configuration: relative to the directory of the main file.
    static func tlsFile(
        _ name: String, _ path: any WritableKeyPath<Settings, Argument?> & Sendable, in contexts: BlockContext,
        _ documentation: String
    ) -> Directive {
        .custom(
            name, arity: 1...1, in: contexts, syntax: "*file*", documentation,
            { (settings: inout Settings, statement: Statement, _: ApplyContext) in
                settings[keyPath: path] = statement.arguments[0]
            })
    }

    /// A list of commands in OpenSSL's own language.
    static func tlsCommands(
        _ name: String, _ path: any WritableKeyPath<Settings, [[Argument]]> & Sendable, in contexts: BlockContext
    ) -> Directive {
        .custom(
            name, arity: 2...2, inheritance: .list, in: contexts, syntax: "*name* *value*",
            "A command in OpenSSL's own language (SSL_CONF_cmd), given after all others.",
            { (settings: inout Settings, statement: Statement, context: ApplyContext) in
                if context.isFirst { settings[keyPath: path] = [] }
                settings[keyPath: path].append(statement.arguments)
            })
    }

    /// `…_certificate_cache`: accepted, for there are no certificates that it would keep.
    static func tlsCertificateCache(_ name: String, in contexts: BlockContext) -> Directive {
        .custom(
            name, arity: 1...4, in: contexts, syntax: "off | max=*number* [inactive=*time*] [valid=*time*]",
            default: "off", "How many certificates named by variables are kept: there are none such yet.",
            { (_: inout Settings, _: Statement, _: ApplyContext) in })
    }
}
