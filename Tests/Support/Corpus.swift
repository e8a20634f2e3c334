import Foundation

/// The seeds and past crashes of a fuzzer (Tests/Corpus), for the tests that replay them.
public enum Corpus {
    public static func inputs(of target: String) -> [[UInt8]] {
        let folder = Environment.packageRoot + "/Tests/Corpus/" + target
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().compactMap { FileManager.default.contents(atPath: folder + "/" + $0).map { Array($0) } }
    }

    /// Each input, and what becomes of it when it is cut off or when one of its bytes is another.
    public static func variations(of target: String) -> [[UInt8]] {
        inputs(of: target).flatMap { input -> [[UInt8]] in
            var all = [input]
            for place in input.indices {
                all.append(Array(input[..<place]))
                for byte in [0, 10, 13, 32, 37, 0xFF] as [UInt8] where byte != input[place] {
                    var other = input
                    other[place] = byte
                    all.append(other)
                }
            }
            return all
        }
    }
}
