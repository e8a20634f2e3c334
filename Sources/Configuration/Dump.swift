import Bytes

/// What `-T` prints: each file that the configuration was read from, once, under a line with its name.
public enum Dump {
    public static func text(of files: [ConfigurationFile]) -> [UInt8] {
        var output: [UInt8] = []
        for file in files {
            output.append(contentsOf: "# configuration file \(file.path):\n".utf8)
            output += file.text
            output.append(ASCII.lineFeed)
        }
        return output
    }
}
