import LoadGeneration
import Platform

ProcessControl.exitNow(LoadProgram.run(Array(CommandLine.arguments.dropFirst())))
