import LetheCommands

LetheProgram.main()
