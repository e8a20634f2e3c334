/// What relative file names in a configuration are relative to.
public struct ConfigurationPaths: Sendable, Hashable {
    /// The main configuration file, absolute where the prefix is.
    public let file: String
    /// Ends in "/". Most file names start here.
    public let prefix: String
    /// Ends in "/". Names in `include` (and of certificates and password files) start here.
    public let configurationDirectory: String

    /// `file` (option `-c`) is relative to `prefix` (option `-p`).
    public init(prefix: String, file: String) {
        let prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
        let full = file.hasPrefix("/") ? file : prefix + file
        self.prefix = prefix
        self.file = full
        if let slash = full.utf8.lastIndex(of: UInt8(ascii: "/")) {
            configurationDirectory = String(full[...slash])
        } else {
            configurationDirectory = ""
        }
    }

    /// A file name as most directives mean it: relative to the prefix.
    public func resolve(_ name: String) -> String {
        name.hasPrefix("/") ? name : prefix + name
    }

    /// A file name as `include` means it: relative to the directory of the main configuration file.
    public func resolveInclude(_ name: String) -> String {
        name.hasPrefix("/") ? name : configurationDirectory + name
    }
}
